"""Bulkhead: a bounded number of calls at once, and a bounded queue before them.

Source: Nygard, Release It!, 2nd ed., "Bulkheads".
"""

from dataclasses import dataclass

from seawall.resilience.errors import BulkheadFull
from seawall.resilience.metrics import BULKHEAD_SIZE, BULKHEAD_USED, BULKHEAD_WAITING, REJECTED
from seawall.resilience.permits import Permits
from seawall.resilience.policy import Call, T
from seawall.resilience.waiting import within


@dataclass(frozen=True, slots=True)
class BulkheadSettings:
    """Calls at once, calls that wait besides, and how long each of them does."""

    max_concurrent: int = 64
    max_waiting: int = 128
    max_wait_seconds: float = 0.1


class Bulkhead:
    """Keeps one slow dependency from holding every task of the process.

    Raises BulkheadFull without a call when the queue is full or the wait is over; DeadlineExceeded when the
    deadline passes in the queue.
    """

    def __init__(self, name: str, settings: BulkheadSettings = BulkheadSettings()) -> None:
        self.name = name
        self._settings = settings
        self._permits = Permits(settings.max_concurrent)
        self._rejected = REJECTED.labels(name, "bulkhead")
        BULKHEAD_SIZE.labels(name).set(settings.max_concurrent)
        BULKHEAD_USED.labels(name).set_function(lambda: self._permits.in_use)
        BULKHEAD_WAITING.labels(name).set_function(lambda: self._permits.waiting)

    @property
    def in_use(self) -> int:
        """Calls under way."""
        return self._permits.in_use

    @property
    def waiting(self) -> int:
        """Calls that wait for a permit."""
        return self._permits.waiting

    async def execute(self, call: Call[T]) -> T:
        """What the call returns, once it has a permit."""
        if not self._permits.try_take():
            await self._wait()
        try:
            return await call()
        finally:
            self._permits.give_back()

    async def _wait(self) -> None:
        if self._permits.waiting >= self._settings.max_waiting:
            raise self._full(f"{self._permits.waiting} calls wait")
        if not await within(self._settings.max_wait_seconds, self._permits.wait()):
            raise self._full(f"no permit within {self._settings.max_wait_seconds} s")

    def _full(self, reason: str) -> BulkheadFull:
        self._rejected.inc()
        return BulkheadFull(self.name, reason)
