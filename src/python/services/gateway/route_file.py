"""Reads routes.yaml. Whatever is wrong is refused with file, line and field."""

import difflib
import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from services.gateway.route_table import RateLimit, Route, RouteTable, ServiceLimits

PACKAGED_ROUTES = Path(__file__).with_name("routes.yaml")

T = TypeVar("T")
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(?P<field>[^`]*)`")
_SECTIONS: dict[str, type[msgspec.Struct]] = {"services": ServiceLimits, "rate_limits": RateLimit}
_PLACE = re.compile(r" - at `(?:key in )?\$(?P<place>[^`]*)`$")


class RouteFileError(ValueError):
    """A route file that is refused; the message is `file:line: field: what is wrong`."""

    def __init__(self, file: str, line: int, field: str, fault: str) -> None:
        super().__init__(f"{file}:{line}: {field or 'file'}: {fault}")
        self.line = line
        self.field = field


class _Document:
    """The YAML text as plain values, and the line of every place (`routes[2].path`) in it."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.lines: dict[str, int] = {"": 1}
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise RouteFileError(file, line, "", error.problem or "not YAML") from error
        self.value = self._read(node, "") if node is not None else None

    def error(self, place: str, fault: str) -> RouteFileError:
        known = place
        while known not in self.lines:
            known = re.sub(r"(\.[^.\[]*|\[[^\]]*\])$", "", known)
        return RouteFileError(self.file, self.lines[known], place.removeprefix("."), fault)

    def _read(self, node: yaml.Node, place: str) -> Any:
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._fields(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self._read(item, f"{place}[{index}]") for index, item in enumerate(node.value)]
        return yaml.SafeLoader("").construct_object(node)

    def _fields(self, node: yaml.MappingNode, place: str) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            inner = f"{place}.{key}"
            if key in fields:
                self.lines[inner] = key_node.start_mark.line + 1
                raise self.error(inner, "is given twice")
            self.lines[inner] = key_node.start_mark.line + 1
            fields[key] = self._read(value_node, inner)
        return fields


def load_routes(path: Path) -> RouteTable:
    """The table in the file. Raises RouteFileError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RouteFileError(path.name, 1, "", f"cannot be read: {error}") from error
    return parse_routes(text, path.name)


def parse_routes(text: str, file: str = "routes.yaml") -> RouteTable:
    """The table in the text; `file` names it in errors. Raises RouteFileError."""
    document = _Document(text, file)
    for section, kind in _SECTIONS.items():
        entries = document.value.get(section) if isinstance(document.value, dict) else None
        if isinstance(entries, dict):  # one by one, because msgspec does not say which of them is at fault
            for name, entry in entries.items():
                _convert(entry, kind, f".{section}.{name}", document)
    table = _convert(document.value, RouteTable, "", document)
    _check(table, document)
    return table


def _convert(value: object, kind: type[T], place: str, document: _Document) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _refusal(document, place, str(error)) from error


def _refusal(document: _Document, outer: str, message: str) -> RouteFileError:
    found = _PLACE.search(message)
    place = outer + (found["place"] if found else "")
    fault = _PLACE.sub("", message)
    unknown = _UNKNOWN_FIELD.search(fault)
    if unknown is None:
        return document.error(place, fault)
    field = unknown["field"]
    known = _fields_at(place)
    nearest = difflib.get_close_matches(field, known, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(known)}"
    return document.error(f"{place}.{field}", f"unknown field; {hint}")


def _fields_at(place: str) -> tuple[str, ...]:
    if place.startswith(".routes"):
        return Route.__struct_fields__
    for section, kind in _SECTIONS.items():
        if place.startswith(f".{section}"):
            return kind.__struct_fields__
    return RouteTable.__struct_fields__


def _check(table: RouteTable, document: _Document) -> None:
    names: set[str] = set()
    for index, route in enumerate(table.routes):
        place = f".routes[{index}]"
        for field, fault in route.faults():
            raise document.error(f"{place}.{field}", fault)
        if route.name in names:
            raise document.error(f"{place}.name", f"{route.name} names an earlier route")
        names.add(route.name)
        if route.service is not None and route.service not in table.services:
            raise document.error(f"{place}.service", f"{route.service} is not among services")
        for number, limit in enumerate(route.rate_limits):
            _check_limit(route, table.rate_limits.get(limit), f"{place}.rate_limits[{number}]", document)
        _check_regex(route, f"{place}.regex", document)


def _check_limit(route: Route, limit: RateLimit | None, place: str, document: _Document) -> None:
    if limit is None:
        raise document.error(place, "is not among rate_limits")
    if limit.by == "customer" and route.token != "required":  # noqa: S105 - a policy, not a secret
        raise document.error(place, "is by customer, and needs token: required")


def _check_regex(route: Route, place: str, document: _Document) -> None:
    try:
        re.compile(route.regex or "")
    except re.error as error:
        raise document.error(place, f"not a regular expression: {error}") from error
