"""The names of a service and of the one thing that it keeps, in every form that its files need."""

import builtins
import keyword
import re
import uuid
from dataclasses import dataclass

from tools.new_service.errors import Refused

# Lines that hold a name twice stay within the line length of ruff.toml.
MAX_CHARACTERS = 20
_SHAPE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_IMPORTED = {"Annotated", "Any", "Callable", "Database", "Final", "Mapping", "Path", "Problem", "Protocol"}
_NAMESPACE = uuid.UUID("0b7a3d0e-8f0c-5d8a-9f5e-6a3c1f2b4d7e")


@dataclass(frozen=True)
class Names:
    """`names` is the service (gift_cards), `name` is what it keeps (gift_card)."""

    names: str
    name: str

    def variables(self) -> dict[str, str]:
        """What the templates call each form; `namespace` is a UUID that only this service has."""
        words, word = self.names.replace("_", " "), self.name.replace("_", " ")
        return {
            "names": self.names,
            "name": self.name,
            "Names": class_name(self.names),
            "Name": class_name(self.name),
            "words": words,
            "word": word,
            "Words": words.capitalize(),
            "path": self.names.replace("_", "-"),
            "kind": self.name.replace("_", "-"),
            "namespace": str(uuid.uuid5(_NAMESPACE, self.names)),
        }


def class_name(name: str) -> str:
    """gift_cards becomes GiftCards."""
    return "".join(part.capitalize() for part in name.split("_"))


def names_of(service: str, entity: str | None) -> Names:
    """The names, where they can be those of a service. Raises Refused, which says the rule."""
    _check("a service's name", service)
    entity = entity or _singular(service)
    _check("an entity's name", entity)
    if entity == service:
        raise Refused(f"{service}: a service is named in the plural, and its entity in the singular")
    return Names(service, entity)


def _singular(service: str) -> str:
    if service.endswith("ies"):
        return service.removesuffix("ies") + "y"
    if service.endswith(("ches", "shes", "sses", "xes")):
        return service.removesuffix("es")
    if service.endswith("s") and not service.endswith("ss"):
        return service.removesuffix("s")
    raise Refused(f"{service}: a service is named in the plural; say with --entity what one of them is")


def _check(what: str, name: str) -> None:
    if not _SHAPE.fullmatch(name):
        raise Refused(f"{name!r}: {what} has small letters, digits and single _, and begins with a letter")
    if not 2 <= len(name) <= MAX_CHARACTERS:
        raise Refused(f"{name}: {what} has 2 to {MAX_CHARACTERS} characters")
    if keyword.iskeyword(name) or hasattr(builtins, class_name(name)) or class_name(name) in _IMPORTED:
        raise Refused(f"{name}: {what} is no word of Python, and no class that a service imports")
