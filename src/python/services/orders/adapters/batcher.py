"""Concurrent calls, done together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from seawall.resilience import before_deadline, start_detached
from services.orders.ports import Unavailable

T = TypeVar("T")
R = TypeVar("R")


class Batcher(Generic[T, R]):
    """Collects calls for `linger_seconds`, or `max_batch` of them, and does them as one.

    Under load batches begin at least `interval_seconds` apart: they grow instead of becoming more.

    `work` answers in the order of its items. What it raises, each caller of the batch gets.
    At most `max_in_flight` batches run at once, so that batches grow when the other side is slow;
    more than `max_waiting` callers get Unavailable.
    """

    def __init__(
        self,
        work: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        *,
        max_batch: int = 256,
        linger_seconds: float = 0.001,
        interval_seconds: float = 0.008,
        max_in_flight: int = 4,
        max_waiting: int = 4_096,
    ) -> None:
        self._work = work
        self._max_batch = max_batch
        self._linger_seconds = linger_seconds
        self._interval_seconds = interval_seconds
        self._next_at = 0.0
        self._max_in_flight = max_in_flight
        self._max_waiting = max_waiting
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._in_flight: set[asyncio.Task[None]] = set()

    async def submit(self, item: T) -> R:
        """The answer to this item. Raises Unavailable, and DeadlineExceeded."""
        if len(self._waiting) >= self._max_waiting:
            raise Unavailable("too many calls are waiting")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[R] = loop.create_future()
        self._waiting.append((item, answer))
        if len(self._waiting) >= self._max_batch:
            self._flush()
        elif self._timer is None:
            at = max(loop.time() + self._linger_seconds, self._next_at)
            self._timer = loop.call_at(at, self._flush)
        return await before_deadline(answer)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting and len(self._in_flight) < self._max_in_flight:
            batch = self._waiting[: self._max_batch]
            del self._waiting[: self._max_batch]
            self._next_at = asyncio.get_running_loop().time() + self._interval_seconds
            task = start_detached(self._run(batch))
            self._in_flight.add(task)
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        if self._timer is None:
            self._flush()

    async def _run(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        live = [(item, answer) for item, answer in batch if not answer.done()]
        try:
            results = await self._work([item for item, _ in live]) if live else []
        except Exception as error:
            for _, answer in live:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), result in zip(live, results, strict=True):
            if not answer.done():
                answer.set_result(result)
