"""Group commit on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.sql import Database, GroupCommit, Overloaded, open_database

Batches = list[list[int]]


@asynccontextmanager
async def _committing(
    database_url: str, one_statement: bool, batches: Batches, **options: float
) -> AsyncIterator[tuple[GroupCommit[int, int], Database]]:
    async def work(connection: AsyncConnection, items: Sequence[int]) -> list[int | Exception]:
        batches.append(list(items))
        await connection.execute(
            text("INSERT INTO t SELECT unnest(CAST(:items AS int[]))"), {"items": list(items)}
        )
        return [KeyError(item) if item == 13 else item * 2 for item in items]

    async with open_database(database_url) as database:
        async with database.transaction() as connection:
            await connection.execute(text("CREATE TABLE t (n int CHECK (n >= 0))"))
        async with GroupCommit(database, work, one_statement=one_statement, **options) as commits:  # type: ignore[arg-type]
            yield commits, database


Committing = Callable[..., AbstractAsyncContextManager[tuple[GroupCommit[int, int], Database]]]


@pytest.fixture(params=[False, True], ids=["transaction", "one_statement"])
def committing(request: pytest.FixtureRequest, database_url: str) -> Committing:
    """A group commit in both of its modes, on a table that refuses negative numbers."""
    return partial(_committing, database_url, request.param)


async def stored(database: Database) -> list[int]:
    async with database.connection() as connection:
        return list((await connection.execute(text("SELECT n FROM t ORDER BY n"))).scalars())


async def test_concurrent_items_share_transactions_and_get_their_own_results(committing: Committing) -> None:
    """A hundred callers need few transactions, and each gets its result."""
    batches: Batches = []
    async with committing(batches) as (commits, database):
        results = await asyncio.gather(*(commits.submit(n) for n in range(20, 120)))
        assert results == [n * 2 for n in range(20, 120)]
        assert await stored(database) == list(range(20, 120))
    assert len(batches) < 10


async def test_a_caller_returns_only_when_its_item_is_committed(committing: Committing) -> None:
    """Another connection sees the row as soon as submit returns."""
    async with committing([]) as (commits, database):
        for n in range(5):
            await commits.submit(n)
            assert n in await stored(database)


async def test_a_poisonous_item_fails_alone(committing: Committing) -> None:
    """The database refuses one item; the others of its batch are committed."""
    async with committing([]) as (commits, database):
        results = await asyncio.gather(*(commits.submit(n) for n in (1, -1, 2)), return_exceptions=True)
        assert results[0] == 2
        assert isinstance(results[1], IntegrityError)
        assert results[2] == 4
        assert await stored(database) == [1, 2]


async def test_a_result_that_is_an_exception_is_raised_to_its_caller_alone(committing: Committing) -> None:
    """The work can refuse one item without failing the transaction."""
    async with committing([]) as (commits, _):
        results = await asyncio.gather(*(commits.submit(n) for n in (1, 13)), return_exceptions=True)
    assert results[0] == 2
    assert isinstance(results[1], KeyError)


async def test_no_batch_is_larger_than_the_limit(committing: Committing) -> None:
    """Items beyond the limit go into the next transaction."""
    batches: Batches = []
    async with committing(batches, max_batch=10) as (commits, _):
        await asyncio.gather(*(commits.submit(n) for n in range(20, 55)))
    assert max(map(len, batches)) == 10


async def test_too_many_waiting_callers_are_refused_at_once(committing: Committing) -> None:
    """The bound holds memory, and those who were let in are served."""
    async with committing([], max_waiting=3) as (commits, database):
        results = await asyncio.gather(*(commits.submit(n) for n in range(5)), return_exceptions=True)
        assert sum(isinstance(result, Overloaded) for result in results) == 2
        assert len(await stored(database)) == 3


async def test_an_item_whose_caller_left_is_not_done(committing: Committing) -> None:
    """A caller that is cancelled before its batch begins leaves nothing."""
    async with committing([], linger_seconds=0.1) as (commits, database):
        gone = asyncio.create_task(commits.submit(1))
        stays = asyncio.create_task(commits.submit(2))
        await asyncio.sleep(0)
        gone.cancel()
        await stays
        assert await stored(database) == [2]


async def test_leaving_the_block_finishes_what_waits(committing: Committing) -> None:
    """A drain loses nothing that was submitted, and takes nothing new."""
    async with committing([], linger_seconds=0.2) as (commits, _):
        waiting = asyncio.create_task(commits.submit(1))
        await asyncio.sleep(0)
    assert await waiting == 2
    with pytest.raises(Overloaded):
        await commits.submit(2)
