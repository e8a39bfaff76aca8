"""`./pants run src/python/tools/migrations/cli.py -- lint`: schemas that change under a running shop."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from seawall.sql import MigrationFailed, contract
from seawall.sql.expand_lint import lint_expand
from tools.devstack.failures import DevstackError
from tools.migrations.compatibility import check
from tools.migrations.repository import Unable, last_release, migrations_of

REFUSED = 1
UNABLE = 3


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line; SystemExit(2) for a bad flag."""
    parser = argparse.ArgumentParser(
        prog="./pants migrations", description="Lints expand, tries the last release, applies contract."
    )
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="of the repository")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("lint", help="refuse what takes away or locks in expand")
    compat = commands.add_parser("compat", help="run the last release's tests on the new schema")
    compat.add_argument("--release", help="a revision; the last release tag, or else the commit before HEAD")
    compat.add_argument("services", nargs="*", help="only these")
    apply = commands.add_parser("contract", help="take away what no running release uses any more")
    apply.add_argument("service")
    apply.add_argument("--url-variable", default="SEAWALL_DATABASE_URL", help="which has the database's URL")
    return parser.parse_args(arguments)


def lint(root: Path) -> int:
    """Prints each violation. Returns 1 if there is one."""
    services = migrations_of(root)
    if not services:
        raise Unable(f"no service in {root} has migrations")
    found = [f"{name}/{v}" for name, folder in services.items() for v in lint_expand(folder)]
    print("\n".join(found) or f"{len(services)} services: expand only adds")
    return REFUSED if found else 0


def compat(root: Path, release: str | None, services: list[str]) -> int:
    """Prints how each service fares. Returns 1 if one fails."""
    release = release or last_release(root)
    failed = False
    for result in check(root, release, services):
        verdict = {True: "works", False: "FAILS", None: "has no tests"}[result.passed]
        print(f"{result.service} of {release[:12]} on the new schema: {verdict}", flush=True)
        if result.passed is not None:
            print(result.output if result.passed is False else result.output.strip().splitlines()[-1])
        failed |= result.passed is False
    return REFUSED if failed else 0


def run_contract(root: Path, service: str, variable: str) -> int:
    """Prints the revisions that were applied."""
    services = migrations_of(root)
    if service not in services:
        raise Unable(f"{service} has no migrations")
    if variable not in os.environ:
        raise Unable(f"{variable} is not set: it has the URL of the database of {service}")
    applied = asyncio.run(contract(os.environ[variable], services[service]))
    print(f"{service}: {', '.join(applied) or 'nothing to take away'}")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Returns 0; 1 if something is refused; 3 if there is nothing to work on. Bad flags: 2."""
    flags = parse(arguments)
    try:
        if flags.command == "lint":
            return lint(flags.root)
        if flags.command == "compat":
            return compat(flags.root, flags.release, flags.services)
        return run_contract(flags.root, flags.service, flags.url_variable)
    except (Unable, MigrationFailed, DevstackError) as error:
        print(f"migrations: {error}", file=sys.stderr)
        return UNABLE


if __name__ == "__main__":
    sys.exit(main())
