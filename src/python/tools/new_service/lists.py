"""The lists of the checkout in which a service is named: it is added above the line that says so."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.new_service.errors import Refused
from tools.new_service.naming import Names

DEVSTACK = Path("src/python/tools/devstack")
ROUTES = Path("src/python/services/gateway/routes.yaml")
WORKLOADS = Path("infra/pulumi/workloads.yaml")
HERE = "# `./pants new-service` adds here."
ROUTE_HERE = "# `./pants new-service` adds routes here."


@dataclass(frozen=True)
class Entry:
    """A line for a list, and the mark above which it goes."""

    path: Path
    mark: str
    line: str


def entries(names: Names) -> list[Entry]:
    """What names the service to the devstack, to the gateway and to the infrastructure."""
    variables = names.variables()
    service, path = variables["names"], variables["path"]
    stack = f'Service("{service}", stored("{service}"), servers=(POSTGRES,), routed=True),'
    route = f"- {{name: {path}, prefix: /v1/{path}, service: {service}, token: required, timeout_seconds: 5}}"
    return [
        Entry(DEVSTACK / "BUILD", HERE, f'"{service}",'),
        Entry(DEVSTACK / "services.py", HERE, stack),
        Entry(ROUTES, HERE, f"{service}: {{}}"),
        Entry(WORKLOADS, HERE, f"{service}: {{stores: [postgres], routed: true}}"),
        Entry(ROUTES, ROUTE_HERE, route),
    ]


def edited(root: Path, names: Names) -> Iterator[tuple[Path, str]]:
    """The new text of each list, by its path from the root. Raises Refused where one has no place for it."""
    _check_route(_read(root, ROUTES), names.variables()["path"])
    texts: dict[Path, str] = {}
    for entry in entries(names):
        text = texts.get(entry.path) or _read(root, entry.path)
        texts[entry.path] = _with_entry(text, entry)
    yield from texts.items()


def _read(root: Path, path: Path) -> str:
    try:
        return (root / path).read_text(encoding="utf-8")
    except OSError as error:
        raise Refused(f"{root} is no checkout of this repository: {error}") from error


def _check_route(routes: str, path: str) -> None:
    if re.search(rf"/v1/{path}\b(?!-)", routes):
        raise Refused(f"{path}: the name is taken, by a route of /v1/{path} in {ROUTES}")


def _with_entry(text: str, entry: Entry) -> str:
    lines = text.splitlines(keepends=True)
    marks = [number for number, line in enumerate(lines) if line.strip() == entry.mark]
    if len(marks) != 1:
        raise Refused(f"{entry.path} needs the line {entry.mark!r} once, where services are added")
    indent = lines[marks[0]].removesuffix(lines[marks[0]].lstrip())
    lines.insert(marks[0], f"{indent}{entry.line}\n")
    return "".join(lines)
