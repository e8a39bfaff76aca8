"""Migrations on a real PostgreSQL."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from seawall.sql import MigrationFailed, contract, open_database, upgrade

FIRST = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels = "0001", None, ("expand",)
def upgrade():
    op.create_table("things", sa.Column("n", sa.Integer))
"""
NEXT = """
from alembic import op
revision, down_revision = "{revision}", "{down_revision}"
def upgrade():
    op.execute("INSERT INTO things VALUES (1)")
    op.execute({statement!r})
"""
CONCURRENTLY = """
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("by_n", "things", ["n"], unique={unique}, postgresql_concurrently=True)
"""
CONTRACT = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "c001", None, ("contract",), "0001"
def upgrade():
    op.drop_column("things", "n")
"""


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    for branch in ("expand", "contract"):
        (folder / branch).mkdir(parents=True)
    (folder / "expand" / "0001_first.py").write_text(FIRST)
    return folder


def add(migrations: Path, revision: str, down_revision: str, statement: str = "SELECT 1") -> None:
    text = NEXT.format(revision=revision, down_revision=down_revision, statement=statement)
    (migrations / "expand" / f"{revision}.py").write_text(text)


async def things(database_url: str) -> list[int]:
    async with open_database(database_url) as database, database.connection() as connection:
        return list((await connection.execute(text("SELECT n FROM things"))).scalars())


async def execute(database_url: str, sql: str) -> None:
    async with open_database(database_url) as database, database.transaction() as connection:
        await connection.execute(text(sql))


async def test_replicas_may_migrate_at_once(database_url: str, migrations: Path) -> None:
    """Five replicas start together: one migrates, the others find it done."""
    add(migrations, "0002", "0001", "SELECT pg_sleep(0.2)")
    await asyncio.gather(*(upgrade(database_url, migrations) for _ in range(5)))
    assert await things(database_url) == [1]


async def test_an_index_is_built_while_replicas_wait_and_others_write(
    database_url: str, migrations: Path
) -> None:
    """CREATE INDEX CONCURRENTLY waits for every transaction: those who wait for the migration have none."""
    await upgrade(database_url, migrations)
    (migrations / "expand" / "0002.py").write_text(CONCURRENTLY.format(unique=False))
    async with asyncio.timeout(60):
        await asyncio.gather(
            *(upgrade(database_url, migrations) for _ in range(5)),
            *(execute(database_url, "INSERT INTO things VALUES (1)") for _ in range(5)),
        )
    await execute(database_url, "ALTER INDEX by_n RENAME TO there")


async def test_an_index_that_was_not_built_to_its_end_is_told(database_url: str, migrations: Path) -> None:
    """PostgreSQL leaves it behind, unused: no start goes on as if it were there."""
    await upgrade(database_url, migrations)
    await execute(database_url, "INSERT INTO things VALUES (1), (1)")
    (migrations / "expand" / "0002.py").write_text(CONCURRENTLY.format(unique=True))
    with pytest.raises(MigrationFailed, match="unique"):
        await upgrade(database_url, migrations)
    (migrations / "expand" / "0002.py").unlink()
    with pytest.raises(MigrationFailed, match=r"not built to its end.*by_n"):
        await upgrade(database_url, migrations)


async def test_a_failed_migration_leaves_nothing_and_those_before_it_stay(
    database_url: str, migrations: Path
) -> None:
    """Each is all or nothing, and the error names it; the next start goes on from there."""
    add(migrations, "0002", "0001")
    add(migrations, "0003", "0002", "SELECT nonsense")
    with pytest.raises(MigrationFailed, match="nonsense"):
        await upgrade(database_url, migrations)
    assert await things(database_url) == [1]
    add(migrations, "0003", "0002")
    await upgrade(database_url, migrations)
    assert await things(database_url) == [1, 1]


async def test_a_migration_does_not_wait_long_for_a_lock(database_url: str, migrations: Path) -> None:
    """Everybody else would wait behind it."""
    await upgrade(database_url, migrations)
    add(migrations, "0002", "0001", "ALTER TABLE things ADD COLUMN m int")
    reading = open_database(database_url, statement_timeout_seconds=60.0)
    async with reading as database, database.transaction() as reader:
        await reader.execute(text("SELECT FROM things"))
        with pytest.raises(MigrationFailed, match="lock timeout"):
            await upgrade(database_url, migrations)


async def test_the_last_release_starts_on_a_newer_schema(database_url: str, migrations: Path) -> None:
    """A replica of it that is restarted during a deployment, or a rollback, does not know the revision."""
    add(migrations, "0002", "0001")
    await upgrade(database_url, migrations)
    (migrations / "expand" / "0002.py").unlink()
    await upgrade(database_url, migrations)
    with pytest.raises(MigrationFailed, match="newer release"):
        await contract(database_url, migrations)


async def test_a_start_never_contracts(database_url: str, migrations: Path) -> None:
    """A person does, when nobody uses what goes; expand goes on after it."""
    (migrations / "contract" / "c001.py").write_text(CONTRACT)
    await upgrade(database_url, migrations)
    assert await things(database_url) == []
    assert await contract(database_url, migrations) == ["c001"]
    assert await contract(database_url, migrations) == []
    await upgrade(database_url, migrations)
    (migrations / "expand" / "0002.py").write_text(
        NEXT.format(revision="0002", down_revision="0001", statement="SELECT 1").replace(
            "INSERT INTO things VALUES (1)", "ALTER TABLE things ADD COLUMN n int"
        )
    )
    await upgrade(database_url, migrations)
    assert await things(database_url) == []


async def test_contract_waits_for_expand(database_url: str, migrations: Path) -> None:
    """What replaces the old comes first."""
    (migrations / "contract" / "c001.py").write_text(CONTRACT)
    await upgrade(database_url, migrations)
    add(migrations, "0002", "0001")
    with pytest.raises(MigrationFailed, match="expand comes first"):
        await contract(database_url, migrations)
    assert await things(database_url) == []


async def test_a_folder_without_migrations_is_an_error(database_url: str, tmp_path: Path) -> None:
    """A package that forgot to carry its migrations is found at the start."""
    with pytest.raises(MigrationFailed, match="no migrations"):
        await upgrade(database_url, tmp_path)
