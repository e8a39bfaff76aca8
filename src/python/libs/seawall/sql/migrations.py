"""Alembic migrations without an env.py: a service has a folder with versions, and no boilerplate."""

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from seawall.sql.database import driver_url
from seawall.sql.errors import MigrationFailed

# Any number does, as long as all replicas of a service use the same. Locks are per database.
_LOCK = 7_325_410_001


async def upgrade(url: str, migrations: Path, revision: str = "head") -> None:
    """Brings a database to a revision of `migrations/versions/*.py`.

    Replicas may start at once: an advisory lock lets one migrate while the others wait. All migrations
    run in one transaction: either all are done or none. Raises MigrationFailed.
    """
    if not any((migrations / "versions").glob("*.py")):
        raise MigrationFailed(f"no migrations in {migrations / 'versions'}")
    engine = create_async_engine(driver_url(url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            await connection.run_sync(_upgrade, migrations, revision)
    except Exception as error:
        raise MigrationFailed(f"{migrations.parent.name}: {error}") from error
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, migrations: Path, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)

    def steps(current: Any, _: Any) -> Any:
        return script._upgrade_revs(revision, current)

    with EnvironmentContext(config, script, fn=steps, destination_rev=revision) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        environment.run_migrations()
