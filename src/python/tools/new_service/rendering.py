"""The files of a service, from the templates beside this module."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tools.new_service.naming import Names

TEMPLATES = Path(__file__).parent / "templates"
SUFFIX = ".j2"
# Pants would take a file named BUILD.j2 for one of its own.
BUILD = "_BUILD"


def folders(names: Names) -> dict[str, Path]:
    """Where each folder of templates goes, from the root of the checkout."""
    service = Path(names.names)
    return {
        "service": Path("src/python/services") / service,
        "unit": Path("tests/unit/services") / service,
        "contract": Path("tests/contract") / service,
        "integration": Path("tests/integration") / service,
    }


def rendered(names: Names) -> Iterator[tuple[Path, str]]:
    """Each file of the service, from the root of the checkout, with its text."""
    templates = _environment()
    for kind, folder in folders(names).items():
        for path in sorted((TEMPLATES / kind).rglob(f"*{SUFFIX}")):
            text = templates.get_template(path.relative_to(TEMPLATES).as_posix()).render(names.variables())
            yield folder / _target(path.relative_to(TEMPLATES / kind), names), text


def _environment() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the result is Python, not HTML
    )
    templates.filters["as_imported"] = _as_imported
    return templates


def _as_imported(classes: Iterable[str]) -> list[str]:
    """In the order that isort gives them."""
    return sorted(classes, key=str.lower)


def _target(template: Path, names: Names) -> Path:
    name = template.name.removesuffix(SUFFIX).replace("NAMES", names.names)
    return template.with_name("BUILD" if name == BUILD else name)
