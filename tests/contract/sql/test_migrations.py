"""Migrations on a real PostgreSQL."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from seawall.sql import MigrationFailed, open_database, upgrade

FIRST = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0001", None
def upgrade():
    op.create_table("things", sa.Column("n", sa.Integer))
"""
SECOND = """
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    op.execute("INSERT INTO things VALUES (1)")
    op.execute({statement!r})
"""


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "0001_first.py").write_text(FIRST)
    return versions.parent


async def things(database_url: str) -> list[int]:
    async with open_database(database_url) as database, database.connection() as connection:
        return list((await connection.execute(text("SELECT n FROM things"))).scalars())


async def test_replicas_may_migrate_at_once(database_url: str, migrations: Path) -> None:
    """Five replicas start together: one migrates, the others find it done."""
    (migrations / "versions" / "0002_second.py").write_text(SECOND.format(statement="SELECT pg_sleep(0.2)"))
    await asyncio.gather(*(upgrade(database_url, migrations) for _ in range(5)))
    assert await things(database_url) == [1]


async def test_a_failed_migration_leaves_the_schema_as_it_was(database_url: str, migrations: Path) -> None:
    """A migration is all or nothing, and its error names it."""
    await upgrade(database_url, migrations)
    (migrations / "versions" / "0002_second.py").write_text(SECOND.format(statement="SELECT nonsense"))
    with pytest.raises(MigrationFailed, match="nonsense"):
        await upgrade(database_url, migrations)
    assert await things(database_url) == []


async def test_a_folder_without_migrations_is_an_error(database_url: str, tmp_path: Path) -> None:
    """A package that forgot to carry its migrations is found at the start."""
    with pytest.raises(MigrationFailed, match="no migrations"):
        await upgrade(database_url, tmp_path)
