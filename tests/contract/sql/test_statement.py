"""Statements that go straight to the driver, on a real PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, PendingRollbackError

from seawall.sql import Database, Statement, open_database

ADD = Statement(
    "INSERT INTO t SELECT * FROM unnest(CAST(:numbers AS int[])) RETURNING n, :mark || :mark AS mark"
)
END_BACKEND = Statement("SELECT pg_terminate_backend(:pid)")


@asynccontextmanager
async def with_table(url: str) -> AsyncIterator[Database]:
    async with open_database(url) as database:
        async with database.transaction() as connection:
            await connection.execute(text("CREATE TABLE t (n int PRIMARY KEY)"))
        yield database


async def stored(database: Database) -> list[int]:
    async with database.connection() as connection:
        return list((await connection.execute(text("SELECT n FROM t ORDER BY n"))).scalars())


async def test_it_shares_the_transaction_of_other_statements(database_url: str) -> None:
    """Both sorts of statement see each other's work, and are committed or rolled back together."""
    async with with_table(database_url) as database:
        async with database.transaction() as connection:
            rows = await ADD.fetch(connection, {"numbers": [1, 2], "mark": "x"})
            assert [(row["n"], row["mark"]) for row in rows] == [(1, "xx"), (2, "xx")]
            await connection.execute(text("DELETE FROM t WHERE n = 2"))
        with pytest.raises(KeyError):
            async with database.transaction() as connection:
                await ADD.fetch(connection, {"numbers": [3], "mark": "x"})
                raise KeyError
        assert await stored(database) == [1]


async def test_it_runs_on_a_connection_for_reads(database_url: str) -> None:
    """There it is a transaction of its own."""
    async with with_table(database_url) as database:
        async with database.connection() as connection:
            await ADD.fetch(connection, {"numbers": [1], "mark": "x"})
        assert await stored(database) == [1]


async def test_its_errors_are_those_of_sqlalchemy(database_url: str) -> None:
    """A refused row is an IntegrityError, and the pool's connection stays usable."""
    async with with_table(database_url) as database:
        with pytest.raises(IntegrityError) as refused:
            async with database.transaction() as connection:
                await ADD.fetch(connection, {"numbers": [1, 1], "mark": "x"})
        assert not refused.value.connection_invalidated
        assert await stored(database) == []


async def test_a_lost_connection_is_not_used_again(database_url: str) -> None:
    """The error says that the connection is gone, the block cannot go on, and the pool has a new one."""
    async with with_table(database_url) as database:
        with pytest.raises(PendingRollbackError):
            async with database.transaction() as connection:
                pid = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar()
                async with database.connection() as other:
                    await END_BACKEND.fetch(other, {"pid": pid})
                with pytest.raises(DBAPIError) as lost:
                    while True:
                        await ADD.fetch(connection, {"numbers": [1], "mark": "x"})
                        await connection.execute(text("DELETE FROM t"))
                assert lost.value.connection_invalidated
                await ADD.fetch(connection, {"numbers": [1], "mark": "x"})
        assert await stored(database) == []


async def test_a_plan_made_for_an_empty_table_does_not_scan_it_when_it_has_grown(database_url: str) -> None:
    """Connections keep their plans: what was prepared before a sale began has to serve at its height."""
    seek = Statement("""
        SELECT orders.id FROM orders JOIN unnest(CAST(:ids AS text[])) AS wanted(id) USING (id)
        FOR UPDATE OF orders
    """)
    scans = Statement(
        "SELECT seq_scan, pg_stat_force_next_flush() FROM pg_stat_user_tables WHERE relname = 'orders'"
    )
    async with open_database(database_url) as database, database.connection() as connection:
        columns = ", ".join(f"c{n} text" for n in range(12))
        await connection.execute(text(f"CREATE TABLE orders (id text PRIMARY KEY, {columns})"))
        for _ in range(10):
            await seek.fetch(connection, {"ids": ["1"]})
        await connection.execute(text("INSERT INTO orders (id) SELECT generate_series(1, 5000)"))
        counts = []
        for _ in range(2):
            assert len(await seek.fetch(connection, {"ids": ["1", "2", "3"]})) == 3
            await scans.fetch(connection, {})
            counts += [row["seq_scan"] for row in await scans.fetch(connection, {})]
        assert counts[0] == counts[1]
