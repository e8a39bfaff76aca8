"""Which field breaks which limit, from what msgspec says and from what a store could not hold."""

import re
from typing import Any

import msgspec

from seawall.web.problem import Problem, refused

WITHOUT_NUL = "text without U+0000"

MAX_NAME = 200
_PATH = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_NAMED = re.compile(r"^Object (?P<kind>contains unknown|missing required) field `(?P<name>.*)`$", re.DOTALL)


def refusal(error: msgspec.ValidationError, status: int, T: type[msgspec.Struct]) -> Problem:  # noqa: N803
    """The problem that names the field, as in `items[0].sku`, and its limit, as in `int <= 10`."""
    found = _PATH.match(str(error))
    what, path = (found["what"], found["path"] or "") if found else (str(error), "")
    named = _NAMED.match(what)
    if named is None:
        field = path.lstrip(".")[:MAX_NAME] or "body"
        limit = what.removeprefix("Expected ").split(", got ")[0].replace("`", "")
        return refused(status, field, limit, f"{field}: {what[:1].lower()}{what[1:]}".replace("`", ""))
    field = f"{path}.{named['name']}".lstrip(".")[:MAX_NAME]
    if named["kind"] == "missing required":
        return refused(status, field, "required", f"{field} is missing")
    known = "" if path else ": " + ", ".join(T.__struct_encode_fields__)
    return refused(status, field, f"a known field{known}", f"there is no field {field}")


def field_with_nul(value: Any, path: str = "") -> str:
    """The first field that holds U+0000, which PostgreSQL's text cannot; empty if none does."""
    if isinstance(value, str):
        return (path or "body") if "\0" in value else ""
    if isinstance(value, list):
        inner = ((item, f"{path}[{number}]") for number, item in enumerate(value))
    elif isinstance(value, dict):
        if any("\0" in name for name in value):
            return path or "body"
        inner = ((item, f"{path}.{name}".lstrip(".")) for name, item in value.items())
    else:
        return ""
    return next((found for item, where in inner if (found := field_with_nul(item, where))), "")
