"""The wheel as a reader of it sees it: its metadata, and what its modules import."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import Parser
from functools import cached_property
from pathlib import Path
from zipfile import ZipFile

LIBS = tuple(sorted(path.parent.name for path in Path("src/python/libs/seawall").glob("*/README.md")))
_REQUIREMENT = re.compile(
    r'(?P<name>[\w.-]+)(\[(?P<extras>[\w,-]+)\])?(>=(?P<bound>[\w.]+))?; extra == "(?P<extra>[\w-]+)"'
)


def normalised(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def built_wheel() -> Path:
    """What `./pants package src/python/libs:seawall` made: beside the tests, or in dist/."""
    found = [*Path.cwd().glob("seawall-*.whl"), *Path.cwd().glob("dist/seawall-*.whl")]
    assert found, "there is no wheel: run ./pants package src/python/libs:seawall"
    return found[0]


@dataclass(frozen=True)
class Requirement:
    """One line of an extra: the distribution, the extras of it, and the least version."""

    name: str
    extras: frozenset[str]
    bound: str | None


class Wheel:
    """The libs, the extras and the requirements of a wheel."""

    def __init__(self, path: Path) -> None:
        with ZipFile(path) as archive:
            self.files = {name: archive.read(name).decode() for name in archive.namelist()}

    @cached_property
    def metadata(self) -> dict[str, list[str]]:
        """METADATA: the values of each field."""
        (text,) = (text for name, text in self.files.items() if name.endswith(".dist-info/METADATA"))
        fields: dict[str, list[str]] = {}
        for name, value in Parser().parsestr(text).items():
            fields.setdefault(name, []).append(value)
        return fields

    @cached_property
    def extras(self) -> dict[str, set[Requirement]]:
        """The requirements of each extra."""
        extras: dict[str, set[Requirement]] = {name: set() for name in self.metadata["Provides-Extra"]}
        for line in self.metadata["Requires-Dist"]:
            match = _REQUIREMENT.fullmatch(line)
            assert match, f"not a requirement of an extra with a lower bound: {line}"
            inner = frozenset(filter(None, (match["extras"] or "").split(",")))
            extras[match["extra"]].add(Requirement(match["name"], inner, match["bound"]))
        return extras

    def brought_by(self, extra: str) -> set[str]:
        """The distributions that the extra names, itself and by the extras that it includes."""
        names = set()
        for requirement in self.extras[extra]:
            inner = [self.brought_by(other) for other in requirement.extras] if _is_ours(requirement) else []
            names |= {requirement.name}.union(*inner)
        return names

    @property
    def libs(self) -> set[str]:
        """The libs that are in it."""
        return {name.split("/")[1] for name in self.files if name.startswith("seawall/")}

    def sources(self, lib: str) -> Iterator[str]:
        """The text of each module of the lib."""
        for name, text in self.files.items():
            if name.startswith(f"seawall/{lib}/") and name.endswith(".py"):
                yield text

    def extras_of(self, lib: str) -> set[str]:
        """The extras that the lib names around its imports."""
        named = (
            match for text in self.sources(lib) for match in re.findall(r'with extra\("([^"]+)"\)', text)
        )
        return {name for names in named for name in names.split(",")}

    def imports(self, lib: str) -> set[str]:
        """The first names of what the lib imports, except Python's own and ours."""
        found = {name for text in self.sources(lib) for name in _imported(ast.parse(text))}
        return found - sys.stdlib_module_names - {"seawall"}


def _is_ours(requirement: Requirement) -> bool:
    return requirement.name == "seawall"


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
