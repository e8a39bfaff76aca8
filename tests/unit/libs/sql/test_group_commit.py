"""Group commit while the database is away, and when it is stopped; on a database that fails on demand."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.sql import Database, GroupCommit, SqlError


class Failing(Database):
    """A database whose transactions raise these errors, one each, and then succeed."""

    def __init__(self, errors: Sequence[Exception] = (), *, for_ever: bool = False) -> None:
        self._errors: Iterator[Exception] = iter(errors)
        self._for_ever = errors[0] if for_ever else None
        self.transactions = 0

    def check(self) -> None:
        pass

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        self.transactions += 1
        yield None  # type: ignore[misc]
        if error := self._for_ever or next(self._errors, None):
            raise error


def lost() -> DBAPIError:
    """What SQLAlchemy raises when a connection of the pool was found dead."""
    return DBAPIError("COMMIT", None, OSError("connection lost"), connection_invalidated=True)


async def double(_: AsyncConnection, items: Sequence[int]) -> list[int]:
    return [item * 2 for item in items]


async def submit_all(commits: "GroupCommit[int, int]", count: int) -> list[int | BaseException]:
    return await asyncio.gather(*(commits.submit(n) for n in range(count)), return_exceptions=True)


async def test_a_batch_on_dead_connections_is_repeated_as_a_whole() -> None:
    """After a restart of the server the pool is stale: nobody notices, and it costs one transaction."""
    database = Failing([lost()])
    async with GroupCommit(database, double) as commits:
        assert await submit_all(commits, 100) == [n * 2 for n in range(100)]
    assert database.transactions == 2


@pytest.mark.parametrize("error", [lost(), ConnectionRefusedError("away"), TimeoutError("no connection")])
async def test_while_the_database_is_away_a_batch_fails_at_once(error: Exception) -> None:
    """A hundred callers do not wait for a hundred connection attempts, one after the other."""
    database = Failing([error], for_ever=True)
    async with GroupCommit(database, double) as commits:
        results = await submit_all(commits, 100)
    assert {type(result) for result in results} == {type(error)}
    assert database.transactions <= 2


async def test_a_refusal_of_the_database_still_singles_out_the_item() -> None:
    """An error that is no outage is found item by item."""
    refusal = DBAPIError("INSERT", None, ValueError("check"))
    database = Failing([refusal, refusal])
    async with GroupCommit(database, double) as commits:
        results = await submit_all(commits, 3)
    assert isinstance(results[0], DBAPIError)
    assert results[1:] == [2, 4]


async def test_nobody_waits_for_ever_when_the_stop_is_cancelled() -> None:
    """A stop that is cut short answers those in the transaction under way and those in the queue."""
    never = asyncio.Event()

    async def stuck(_: AsyncConnection, items: Sequence[int]) -> list[int]:
        await never.wait()
        return list(items)

    async def serve(started: asyncio.Event, waiting: "list[asyncio.Task[int]]") -> None:
        async with GroupCommit(Failing(), stuck, max_batch=1, linger_seconds=0) as commits:
            waiting += [asyncio.create_task(commits.submit(n)) for n in range(3)]
            await asyncio.sleep(0.05)
            started.set()

    started, waiting = asyncio.Event(), list[asyncio.Task[int]]()
    serving = asyncio.create_task(serve(started, waiting))
    await started.wait()
    await asyncio.sleep(0.05)
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving
    done, pending = await asyncio.wait(waiting, timeout=2)
    for task in pending:
        task.cancel()
    assert not pending
    assert all(isinstance(task.exception(), SqlError) for task in done)
