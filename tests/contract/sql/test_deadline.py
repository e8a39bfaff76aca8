"""Statements under a deadline, on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.resilience import DeadlineExceeded, bind_deadline, start_detached
from seawall.sql import Database, GroupCommit, open_database

SLEEP = text("SELECT pg_sleep(20)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, pool_size=1) as opened:
        await opened.ping()
        yield opened


async def asked(database: Database, sql: str) -> object:
    async with database.connection() as connection:
        return (await connection.execute(text(sql))).scalar_one()


@pytest.mark.parametrize("kind", ["transaction", "connection"])
async def test_the_server_ends_a_statement_at_the_deadline(database: Database, kind: str) -> None:
    """The connection lives on, and has the usual limit again."""
    backend = await asked(database, "SELECT pg_backend_pid()")
    with bind_deadline(0.2), pytest.raises(DeadlineExceeded):
        async with getattr(database, kind)() as connection:
            await connection.execute(SLEEP)
    assert await asked(database, "SELECT pg_backend_pid()") == backend
    assert await asked(database, "SHOW statement_timeout") == "5s"


async def test_many_short_statements_end_at_the_deadline_too(database: Database) -> None:
    """None of them is slow, together they are: nothing of theirs is kept."""
    async with database.transaction() as connection:
        await connection.execute(text("CREATE TABLE t (n int)"))
    with bind_deadline(0.3), pytest.raises(DeadlineExceeded):
        async with database.transaction() as connection:
            while True:
                await connection.execute(text("INSERT INTO t SELECT 1 FROM pg_sleep(0.05)"))
    assert await asked(database, "SELECT count(*) FROM t") == 0


async def test_a_farther_deadline_costs_no_statement(database: Database) -> None:
    """The usual limit stands: nothing is sent to the server to say so."""
    with bind_deadline(60):
        async with database.transaction() as connection:
            assert (await connection.execute(text("SHOW statement_timeout"))).scalar() == "5s"


async def test_waiting_for_a_connection_ends_at_the_deadline(database: Database) -> None:
    """Expired while queued: its statement is never made, and its place in the queue is free."""
    async with database.transaction():
        with bind_deadline(0.1), pytest.raises(DeadlineExceeded):
            async with database.transaction():
                pytest.fail("there was no connection to have")
    await database.ping()


async def test_with_too_little_time_no_connection_is_taken(database: Database) -> None:
    """It is not even asked for one."""
    async with database.transaction():
        with bind_deadline(0.005), pytest.raises(DeadlineExceeded):
            await database.ping()


async def test_a_group_commit_is_bound_by_nobodys_deadline_but_each_wait_is(database: Database) -> None:
    """The first caller's short deadline does not end the others' transaction."""
    may_go_on = asyncio.Event()

    async def work(_: AsyncConnection, items: Sequence[int]) -> Sequence[int]:
        await may_go_on.wait()
        return [item * 2 for item in items]

    with bind_deadline(0.1):
        commits: GroupCommit[int, int] = GroupCommit(database, work)
        async with commits:
            hasty = asyncio.create_task(commits.submit(1))
            patient = start_detached(commits.submit(2))
            with pytest.raises(DeadlineExceeded):
                await hasty
            may_go_on.set()
            assert await patient == 4


async def test_an_item_that_expired_while_it_waited_is_left_out(database: Database) -> None:
    """Its transaction had not begun: nothing was done."""
    done: list[int] = []

    async def work(_: AsyncConnection, items: Sequence[int]) -> Sequence[int]:
        done.extend(items)
        return items

    commits: GroupCommit[int, int] = GroupCommit(database, work, linger_seconds=0.3)
    async with commits:
        patient = asyncio.create_task(commits.submit(2))
        with bind_deadline(0.05), pytest.raises(DeadlineExceeded):
            await commits.submit(1)
        await patient
    assert done == [2]
