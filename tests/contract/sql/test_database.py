"""The pool, its limits and its cleanliness, on a real PostgreSQL."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from seawall.sql import open_database
from seawall.testing import until


async def test_a_transaction_commits_or_leaves_nothing(database_url: str) -> None:
    """What a block did is there after it, and not if it raised."""
    async with open_database(database_url) as database:
        async with database.transaction() as connection:
            await connection.execute(text("CREATE TABLE t (n int)"))
        with pytest.raises(KeyError):
            async with database.transaction() as connection:
                await connection.execute(text("INSERT INTO t VALUES (1)"))
                raise KeyError
        async with database.connection() as connection:
            assert (await connection.execute(text("SELECT count(*) FROM t"))).scalar() == 0


async def test_a_block_may_commit_before_it_ends(database_url: str) -> None:
    """What it committed is there, and its end is no error."""
    async with open_database(database_url) as database:
        async with database.transaction() as connection:
            await connection.execute(text("CREATE TABLE early (id int)"))
            await connection.commit()
        async with database.connection() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM early")) == 0


async def test_a_statement_that_takes_too_long_is_ended_by_the_server(database_url: str) -> None:
    """A runaway query does not hold its connection."""
    async with open_database(database_url, statement_timeout_seconds=0.1) as database:
        with pytest.raises(DBAPIError, match="statement timeout"):
            async with database.connection() as connection:
                await connection.execute(text("SELECT pg_sleep(30)"))
        await database.ping()


async def test_cancelled_callers_leak_no_connection(database_url: str) -> None:
    """After many cancelled queries a pool of two still gives two connections."""
    async with open_database(database_url, pool_size=2) as database:

        async def query() -> None:
            async with database.transaction() as connection:
                await connection.execute(text("SELECT pg_sleep(20)"))

        for _ in range(5):
            tasks = [asyncio.create_task(query()) for _ in range(2)]
            await asyncio.sleep(0.05)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(database.ping(), database.ping())


async def test_the_pool_recovers_when_the_server_ends_its_connections(
    database_url: str, postgres_url: str
) -> None:
    """A restart of the server costs at most the calls that were under way."""
    async with open_database(database_url) as database, open_database(postgres_url) as admin:
        await database.ping()
        async with admin.connection() as connection:
            await connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
                {"name": database.engine.url.database},
            )
        with pytest.raises(DBAPIError):
            await database.ping()
        await database.ping()


async def test_a_listener_hears_a_notification(database_url: str) -> None:
    """NOTIFY of another connection calls back."""
    heard = asyncio.Event()
    async with open_database(database_url) as database, database.listening("news", heard.set):
        async with database.transaction() as connection:
            await connection.execute(text("NOTIFY news"))
        async with asyncio.timeout(10):
            await heard.wait()


async def test_a_listener_that_does_nothing_loses_its_locks(database_url: str) -> None:
    """As when its process is stopped: the server ends its session, and somebody else may go on."""
    lock = text("SELECT pg_try_advisory_lock(1)")
    async with open_database(database_url) as database, database.connection() as other:
        with pytest.raises(DBAPIError):
            async with database.listening("news", lambda: None, idle_seconds=0.5) as idle:
                assert (await idle.execute(lock)).scalar()
                assert not (await other.execute(lock)).scalar()

                async def is_free() -> bool:
                    return bool((await other.execute(lock)).scalar())

                await until(is_free)
                await idle.execute(lock)


async def test_a_transaction_that_does_nothing_loses_its_locks(database_url: str) -> None:
    """Rows that a stopped process has locked are free again in time."""
    async with open_database(database_url, statement_timeout_seconds=0.5) as database:
        async with database.transaction() as connection:
            await connection.execute(text("CREATE TABLE t AS SELECT 1 AS n"))
        with pytest.raises(DBAPIError):
            async with database.transaction() as idle:
                await idle.execute(text("UPDATE t SET n = 2"))

                async def is_free() -> bool:
                    try:
                        async with database.transaction() as connection:
                            await connection.execute(text("UPDATE t SET n = 3"))
                    except DBAPIError:
                        return False
                    return True

                await until(is_free)


async def test_another_scheme_is_refused() -> None:
    """Only PostgreSQL has an adapter, and the error says so."""
    with pytest.raises(ValueError, match="postgresql://"):
        async with open_database("mysql://h/d"):
            pass
