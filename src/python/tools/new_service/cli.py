"""`./pants new-service reviews`: writes a service that works, with its tests."""

import argparse
import sys
from pathlib import Path

from tools.new_service.errors import Refused
from tools.new_service.lists import edited
from tools.new_service.naming import Names, names_of
from tools.new_service.rendering import folders, rendered
from tools.new_service.writing import check_free, write

REFUSED = 1


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line; SystemExit(2) for a bad flag."""
    parser = argparse.ArgumentParser(
        prog="./pants new-service",
        description="Writes a service: domain, ports, use cases, SQL adapter, HTTP API, migration and tests; "
        "names it to ./pants up and to the gateway.",
    )
    parser.add_argument("name", help="of the service, in the plural: reviews, gift_cards")
    parser.add_argument("--entity", help="what one of them is, where that is not the name without its s")
    parser.add_argument("--dry-run", action="store_true", help="say what would be written, and write nothing")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="of the checkout")
    return parser.parse_args(arguments)


def make(root: Path, names: Names, *, dry_run: bool) -> list[str]:
    """Writes the service, unless `dry_run`. Returns a line for each file. Raises Refused."""
    new = list(folders(names).values())
    check_free(root, new)
    made, changed = dict(rendered(names)), dict(edited(root, names))
    if not dry_run:
        write(root, new, made | changed)
    return [f"new      {path}" for path in made] + [f"changed  {path}" for path in changed]


def main(arguments: list[str] | None = None) -> int:
    """Returns 0; 1 if the service is refused. Bad flags: 2."""
    flags = parse(arguments)
    try:
        names = names_of(flags.name, flags.entity)
        print("\n".join(make(flags.root, names, dry_run=flags.dry_run)))
    except (Refused, OSError) as error:
        print(f"new-service: {error}", file=sys.stderr)
        return REFUSED
    if not flags.dry_run:
        tests = " ".join(f"{folder}::" for folder in folders(names).values() if folder.parts[0] == "tests")
        print(f"\nNow: ./pants test {tests}\n     ./pants up --only {names.names}")
        print("     ./pants run src/python/tools/compose/cli.py > compose.yaml")
    return 0


if __name__ == "__main__":
    sys.exit(main())
