"""Group commit: concurrent small transactions travel as one."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Generic, Self, TypeVar

from prometheus_client import Histogram
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.resilience import before_deadline, start_detached
from seawall.sql.database import Database
from seawall.sql.errors import Overloaded, Stopped
from seawall.sql.outage import is_dead_connection, is_outage

T = TypeVar("T")
R = TypeVar("R")

Work = Callable[[AsyncConnection, Sequence[T]], Awaitable[Sequence[R | Exception]]]
_Waiter = tuple[T, asyncio.Future[R], float]

_BATCH = Histogram(
    "seawall_group_commit_batch",
    "Items per transaction of a group commit",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)
_SECONDS = Histogram(
    "seawall_group_commit_seconds",
    "Duration of a group commit's transaction",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
)
_WAIT = Histogram(
    "seawall_group_commit_wait_seconds",
    "Longest wait in a batch for its transaction to begin",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0),
)


class GroupCommit(Generic[T, R]):
    """Does the work of concurrent callers in one transaction.

    `work` gets a connection in a transaction and the items, and returns a result per item, in their
    order; a result that is an exception is raised to its caller alone. A caller returns when its
    transaction is committed. A transaction that fails is repeated item by item, so that a poisonous
    item fails alone; on a dead connection it is repeated once as a whole, and while the database is away
    the batch fails at once. So the work of an item may be done twice, after a commit whose answer was
    lost: make it idempotent. An item whose caller is gone when its batch begins is left out.

    With `one_statement` nothing begins or commits the transaction but its one writing statement itself: that
    spares two round trips. What `work` reads besides is read in transactions of its own.

    An item after a quiet time waits for `linger_seconds` only; under load transactions begin at least
    `interval_seconds` apart, so that they grow instead of becoming more.
    """

    def __init__(
        self,
        database: Database,
        work: Work[T, R],
        *,
        one_statement: bool = False,
        max_batch: int = 256,
        linger_seconds: float = 0.001,
        interval_seconds: float = 0.008,
        max_waiting: int = 4096,
    ) -> None:
        self._database = database
        self._work = work
        self._block = database.connection if one_statement else database.transaction
        self._max_batch = max_batch
        self._linger_seconds = linger_seconds
        self._interval_seconds = interval_seconds
        self._began_at = 0.0
        self._max_waiting = max_waiting
        self._waiting: list[_Waiter[T, R]] = []
        self._arrived = asyncio.Event()
        self._full = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = start_detached(self._run(), name="group-commit")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finishes what is waiting, and stops."""
        self._closing = True
        self._arrived.set()
        self._full.set()
        if self._task is not None:
            await self._task

    async def submit(self, item: T) -> R:
        """The result of one item, committed.

        Raises CircuitOpen while the database is away, Overloaded if `max_waiting` callers wait already,
        Stopped if the block was cut short, and DeadlineExceeded: then the item is left out, unless its
        transaction has begun.
        """
        if self._closing or self._task is None:
            raise Overloaded("the group commit is not running")
        self._database.check()
        if len(self._waiting) >= self._max_waiting:
            raise Overloaded(f"{self._max_waiting} callers are waiting")
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer, time.perf_counter()))
        self._arrived.set()
        if len(self._waiting) >= self._max_batch:
            self._full.set()
        return await before_deadline(answer)

    async def _run(self) -> None:
        try:
            await self._serve()
        finally:
            self._closing = True
            _stop(self._waiting)

    async def _serve(self) -> None:
        while not (self._closing and not self._waiting):
            await self._arrived.wait()
            await self._linger()
            batch = [waiter for waiter in self._waiting[: self._max_batch] if not waiter[1].done()]
            del self._waiting[: self._max_batch]
            if not self._waiting and not self._closing:
                self._arrived.clear()
            if len(self._waiting) < self._max_batch and not self._closing:
                self._full.clear()
            if batch:
                await self._commit(batch)

    async def _linger(self) -> None:
        to_interval = self._began_at + self._interval_seconds - time.perf_counter()
        seconds = max(self._linger_seconds, to_interval)
        if not self._full.is_set() and seconds > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._full.wait()
        self._began_at = time.perf_counter()

    async def _commit(self, batch: Sequence[_Waiter[T, R]]) -> None:
        _BATCH.observe(len(batch))
        _WAIT.observe(time.perf_counter() - batch[0][2])
        try:
            await self._commit_all(batch)
        finally:
            _stop(batch)

    async def _commit_all(self, batch: Sequence[_Waiter[T, R]]) -> None:
        items = [item for item, _, _ in batch]
        results: Sequence[R | Exception]
        try:
            results = await self._transact_anew(items)
        except Exception as error:
            if len(batch) > 1 and not is_outage(error):
                for waiter in batch:
                    await self._commit_all([waiter])
                return
            results = [error] * len(batch)
        for (_, answer, _), result in zip(batch, results, strict=True):
            _settle(answer, result)

    async def _transact_anew(self, items: Sequence[T]) -> Sequence[R | Exception]:
        try:
            return await self._transact(items)
        except Exception as error:
            if not is_dead_connection(error):
                raise
        return await self._transact(items)

    async def _transact(self, items: Sequence[T]) -> Sequence[R | Exception]:
        started_at = time.perf_counter()
        async with self._block() as connection:
            results = await self._work(connection, items)
            if len(results) != len(items):
                raise ValueError(f"the work returned {len(results)} results for {len(items)} items")
        _SECONDS.observe(time.perf_counter() - started_at)
        return results


def _stop(waiters: Sequence[_Waiter[T, R]]) -> None:
    """Answers those that nobody will answer any more."""
    for _, answer, _ in waiters:
        _settle(answer, Stopped("stopped before it was known to be committed"))


def _settle(answer: "asyncio.Future[R]", result: R | Exception) -> None:
    if answer.done():
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)
