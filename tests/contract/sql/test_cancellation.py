"""Callers that are cancelled at any instant, on a real PostgreSQL: no connection leaks, none is poisoned."""

import asyncio
import random
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from seawall.resilience import DeadlineExceeded, bind_deadline
from seawall.sql import Database, Statement, open_database
from seawall.testing import until

CONNECTIONS = 3
CALLERS = 300
PAIR = Statement("INSERT INTO t VALUES (:number, :side) RETURNING number")
IDLE_IN_TRANSACTION = text("""
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'
""")
SESSIONS = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
LOCKS = text("""
SELECT count(*) FROM pg_locks WHERE relation = CAST('t' AS regclass) AND pid <> pg_backend_pid()
""")


async def write_a_pair(database: Database, number: int) -> None:
    """Both rows or none; what it sets is the transaction's own."""
    async with database.transaction() as connection:
        await connection.execute(text("SET LOCAL search_path TO public, pg_catalog"))
        await PAIR.fetch(connection, {"number": number, "side": 1})
        await connection.execute(text("SELECT pg_sleep(0.002)"))
        await PAIR.fetch(connection, {"number": number, "side": 2})


async def read(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute(text("SELECT count(*), pg_sleep(0.001) FROM t"))


async def call(database: Database, number: int, seconds: float | None) -> None:
    with suppress(DeadlineExceeded):
        with bind_deadline(seconds if seconds is not None else 3600):
            await (write_a_pair(database, number) if number % 3 else read(database))


async def cancelled_after(seconds: float, task: "asyncio.Task[None]", *, twice: bool) -> None:
    await asyncio.sleep(seconds)
    task.cancel()
    if twice:
        # Again while it cleans up.
        await asyncio.sleep(0)
        task.cancel()
    with suppress(asyncio.CancelledError, SQLAlchemyError):
        await task


@pytest.mark.parametrize("seed", range(3))
async def test_callers_cancelled_at_random_points(database_url: str, seed: int) -> None:
    """In the queue, at the start, in a statement, at the commit, in the clean-up, and under deadlines."""
    draw = random.Random(seed)
    async with open_database(database_url, pool_size=CONNECTIONS) as database:
        async with database.transaction() as connection:
            await connection.execute(text("CREATE TABLE t (number int, side int)"))
        tasks = []
        for number in range(CALLERS):
            seconds = draw.uniform(0.02, 0.2) if draw.random() < 0.3 else None
            task = asyncio.create_task(call(database, number, seconds))
            tasks.append(cancelled_after(draw.uniform(0, 0.3), task, twice=draw.random() < 0.5))
        await asyncio.gather(*tasks)
        await all_give_clean_connections(database)
        async with database.connection() as connection:
            halves = "SELECT count(*) FROM (SELECT FROM t GROUP BY number HAVING count(*) <> 2) AS halves"
            assert (await connection.execute(text(halves))).scalar() == 0


async def all_give_clean_connections(database: Database) -> None:
    """As many as the pool has, at once, each with the usual settings and nothing left open."""
    together = asyncio.Barrier(CONNECTIONS)

    async def look() -> tuple[str, str]:
        async with database.connection() as connection, asyncio.timeout(30):
            await together.wait()
            limit = (await connection.execute(text("SHOW statement_timeout"))).scalar_one()
            path = (await connection.execute(text("SHOW search_path"))).scalar_one()
            await together.wait()
        return limit, path

    assert set(await asyncio.gather(*(look() for _ in range(CONNECTIONS)))) == {("5s", '"$user", public')}
    async with database.connection() as connection:
        assert (await connection.execute(IDLE_IN_TRANSACTION)).scalar() == 0
        assert (await connection.execute(LOCKS)).scalar() == 0


async def test_a_listener_that_is_cancelled_leaves_no_session(database_url: str) -> None:
    """Its connection is outside the pool, and ends with its block."""
    async with open_database(database_url) as database:

        async def listen(connected: asyncio.Event) -> None:
            async with database.listening("news", lambda: None):
                connected.set()
                await asyncio.Event().wait()

        for _ in range(3):
            connected = asyncio.Event()
            task = asyncio.create_task(listen(connected))
            await connected.wait()
            task.cancel()
            await asyncio.wait([task])

        async def only_ours() -> bool:
            async with database.connection() as connection:
                return bool((await connection.execute(SESSIONS)).scalar_one() == 1)

        await until(only_ours)
