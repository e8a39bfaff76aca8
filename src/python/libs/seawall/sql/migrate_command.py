"""`migrate`, an argument of a service's program: it changes the schema and ends, as a Job does."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from seawall.sql.errors import MigrationFailed
from seawall.sql.migrations import contract, upgrade
from seawall.sql.outage import STORE_AWAY

_FAILURES: tuple[type[Exception], ...] = (MigrationFailed, *STORE_AWAY)
_log = logging.getLogger(__name__)


def migrate_if_asked(arguments: Sequence[str], database_url: str, migrations: Path) -> bool:
    """Whether the arguments asked for it: `migrate` expands, `migrate --contract` contracts as well.

    Exits with 1, and a line of log, if that fails or the database is away; with 2 for other arguments.
    """
    parser = argparse.ArgumentParser(description="Serves until SIGTERM. Settings: SEAWALL_<NAME>.")
    commands = parser.add_subparsers(dest="command", metavar="migrate")
    migrate = commands.add_parser("migrate", help="change the schema, and end")
    migrate.add_argument(
        "--contract",
        action="store_true",
        help="also take away what no release uses that still runs",
    )
    options = parser.parse_args(list(arguments))
    if options.command is None:
        return False
    try:
        asyncio.run(_migrate(database_url, migrations, contracts=options.contract))
    except _FAILURES as error:
        _log.error("the schema was not changed: %s", error)
        sys.exit(1)
    return True


async def _migrate(database_url: str, migrations: Path, *, contracts: bool) -> None:
    await upgrade(database_url, migrations)
    if contracts:
        await contract(database_url, migrations)
