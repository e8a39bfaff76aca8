"""Alembic migrations without an env.py, in two branches: expand, and contract.

Expand only adds: it is applied at a start, while the last release still runs. Contract takes away what
no release that runs still uses: it is applied by hand.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from seawall.sql.database import driver_url
from seawall.sql.errors import MigrationFailed

EXPAND: Final = "expand"
CONTRACT: Final = "contract"

# Any number does, as long as all replicas of a service use the same. Locks are per database.
_LOCK = 7_325_410_001
_LOCK_POLL_SECONDS = 0.05
# Who waits for a table's lock makes everybody else wait behind him: not for long.
_LOCK_TIMEOUT_MILLISECONDS = "5000"
_INVALID = text("SELECT string_agg(indexrelid::regclass::text, ', ') FROM pg_index WHERE NOT indisvalid")

_log = logging.getLogger(__name__)


async def upgrade(url: str, migrations: Path) -> None:
    """See `seawall.sql.upgrade`."""
    await _apply(url, migrations, _expand)


async def contract(url: str, migrations: Path) -> list[str]:
    """See `seawall.sql.contract`."""
    return await _apply(url, migrations, _contract)


def scripts(migrations: Path) -> ScriptDirectory:
    """The migrations of both branches. Raises MigrationFailed if there are none."""
    folders = [migrations / branch for branch in (EXPAND, CONTRACT)]
    found = [folder for folder in folders if any(folder.glob("*.py"))]
    if not found:
        raise MigrationFailed(f"no migrations in {folders[0]}")
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", os.pathsep.join(map(str, found)).replace("%", "%%"))
    return ScriptDirectory.from_config(config)


async def _apply(
    url: str, migrations: Path, work: Callable[[ScriptDirectory, Connection], list[str]]
) -> list[str]:
    script = scripts(migrations)
    settings = {"lock_timeout": _LOCK_TIMEOUT_MILLISECONDS}
    address, tls = driver_url(url)
    engine = create_async_engine(
        address, poolclass=NullPool, connect_args={**tls, "server_settings": settings}
    )
    try:
        async with engine.connect() as connection:
            await _lock(connection)
            applied = await connection.run_sync(partial(work, script))
            await _check_indexes(connection)
            return applied
    except Exception as error:
        raise MigrationFailed(f"{migrations.parent.name}: {error}") from error
    finally:
        await engine.dispose()


async def _check_indexes(connection: AsyncConnection) -> None:
    if invalid := (await connection.execute(_INVALID)).scalar():
        raise MigrationFailed(f"an index was not built to its end, drop it and start again: {invalid}")


async def _lock(connection: AsyncConnection) -> None:
    # Never in a statement that waits: CREATE INDEX CONCURRENTLY waits for all that run, and never got done.
    while True:
        taken = await connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK})
        await connection.commit()
        if taken.scalar():
            return
        await asyncio.sleep(_LOCK_POLL_SECONDS)


def _expand(script: ScriptDirectory, connection: Connection) -> list[str]:
    if newer := _unknown(script, connection):
        _log.warning("the schema is of a newer release, it is left as it is", extra={"revisions": newer})
        return []
    return _run(script, connection, EXPAND)


def _contract(script: ScriptDirectory, connection: Connection) -> list[str]:
    if newer := _unknown(script, connection):
        raise MigrationFailed(f"the schema is of a newer release: {', '.join(newer)}")
    if _pending(script, EXPAND, _heads(connection)):
        raise MigrationFailed("expand comes first: start the release that brings it")
    if not any(CONTRACT in revision.branch_labels for revision in script.walk_revisions()):
        return []
    return _run(script, connection, CONTRACT)


def _heads(connection: Connection) -> tuple[str, ...]:
    return MigrationContext.configure(connection).get_current_heads()


def _unknown(script: ScriptDirectory, connection: Connection) -> list[str]:
    known = {revision.revision for revision in script.walk_revisions()}
    heads = _heads(connection)
    connection.commit()
    return sorted(set(heads) - known)


def _pending(script: ScriptDirectory, branch: str, heads: Sequence[str]) -> list[Any]:
    current: Any = tuple(heads)
    return list(script._upgrade_revs(f"{branch}@head", current))


def _run(script: ScriptDirectory, connection: Connection, branch: str) -> list[str]:
    applied: list[str] = []

    def steps(current: Any, _: Any) -> Any:
        pending = _pending(script, branch, current)
        applied.extend(step.revision.revision for step in pending)
        return pending

    with EnvironmentContext(Config(), script, fn=steps) as env:
        env.configure(connection=connection, transactional_ddl=True, transaction_per_migration=True)
        with env.begin_transaction():
            env.run_migrations()
    connection.commit()
    return applied
