"""What a pool tells of its use, on a real PostgreSQL."""

import asyncio

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from seawall.resilience import DeadlineExceeded, bind_deadline
from seawall.sql import Database, open_database
from seawall.testing import free_port, until


def shown() -> dict[str, float]:
    """Size, in use, waiting; waits and failures so far."""
    names = ("size", "in_use", "waiting", "wait_seconds_count", "failures_total")
    return {name: REGISTRY.get_sample_value(f"seawall_sql_pool_{name}") or 0.0 for name in names}


async def hold(database: Database, until_told: asyncio.Event) -> None:
    async with database.transaction() as connection:
        await connection.execute(text("SELECT 1"))
        await until_told.wait()


async def test_who_has_a_connection_and_who_waits_is_told(database_url: str) -> None:
    """And nothing more once the pool is closed."""
    before, go_on = shown(), asyncio.Event()
    async with open_database(database_url, pool_size=2) as database:
        callers = [asyncio.create_task(hold(database, go_on)) for _ in range(3)]
        await until(lambda: shown()["waiting"] == 1 and shown()["in_use"] == 2)
        assert shown()["size"] == before["size"] + 2
        go_on.set()
        await asyncio.gather(*callers)
        assert (shown()["in_use"], shown()["waiting"]) == (0, 0)
        assert shown()["wait_seconds_count"] == before["wait_seconds_count"] + 3
    assert shown()["size"] == before["size"]


async def test_who_gives_up_waits_no_more(database_url: str) -> None:
    """By a deadline, or by cancellation."""
    go_on = asyncio.Event()
    async with open_database(database_url, pool_size=1) as database:
        holder = asyncio.create_task(hold(database, go_on))
        await until(lambda: shown()["in_use"] == 1)
        with bind_deadline(0.1), pytest.raises(DeadlineExceeded):
            await hold(database, go_on)
        cancelled = asyncio.create_task(hold(database, go_on))
        await until(lambda: shown()["waiting"] == 1)
        cancelled.cancel()
        await asyncio.wait({cancelled})
        assert shown()["waiting"] == 0
        go_on.set()
        await holder


async def test_a_connection_that_is_refused_is_a_failure() -> None:
    """Nobody listens there."""
    before = shown()["failures_total"]
    async with open_database(f"postgresql://nobody@127.0.0.1:{free_port()}/none") as database:
        with pytest.raises(OSError, match=r"refused|Connect"):
            await database.ping()
    assert shown()["failures_total"] > before
