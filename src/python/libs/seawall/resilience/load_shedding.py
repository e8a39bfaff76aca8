"""Load shedding: a process takes on what it gets through, and what matters least is refused first.

Source: Google, Site Reliability Engineering, ch. 21 and 22; Netflix, prioritized load shedding.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from seawall.resilience.adaptive_limit import AdaptiveLimit
from seawall.resilience.errors import Shed
from seawall.resilience.failures import is_overdue
from seawall.resilience.loop_lag import LoopLag
from seawall.resilience.metrics import LIMIT, LIMIT_USED, LIMIT_WAITING, SHED
from seawall.resilience.permits import Permits
from seawall.resilience.policy import Call, T
from seawall.resilience.priority import Priority, current_priority
from seawall.resilience.waiting import within


@dataclass(frozen=True, slots=True)
class SheddingSettings:
    """How many wait above the limit, and how long; with which lag of the event loop each priority is shed."""

    max_waiting: int = 64
    max_wait_seconds: float = 0.1
    shed_at_lag_seconds: tuple[float, float, float, float] = (math.inf, 0.4, 0.2, 0.1)


class Admitted:
    """A request that was let in. To be ended exactly once; ending it again does nothing."""

    __slots__ = ("_began_at", "_shedder")

    def __init__(self, shedder: "LoadShedder", began_at: float) -> None:
        self._shedder: LoadShedder | None = shedder
        self._began_at = began_at

    def finish(self, *, was_dropped: bool = False) -> None:
        """It is done, and its time tells something; `was_dropped` if that was too long for somebody."""
        shedder, self._shedder = self._shedder, None
        if shedder is not None:
            shedder.ended(self._began_at, was_dropped)

    def leave(self) -> None:
        """It counts no more, and its time tells nothing: it failed, was cancelled, or becomes a stream."""
        shedder, self._shedder = self._shedder, None
        if shedder is not None:
            shedder.left()


class LoadShedder:
    """Raises Shed instead of taking on more than `limit` finds good, least important first.

    Who comes above the limit waits a little, in order of priority; when the queue is full the least
    important of them goes. The second signal is the lag of the event loop.
    """

    def __init__(
        self,
        name: str,
        settings: SheddingSettings = SheddingSettings(),
        *,
        limit: AdaptiveLimit | None = None,
        lag: LoopLag | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`lag` is to be watched by whoever starts the process."""
        self.name = name
        self._settings = settings
        self._adaptive = limit or AdaptiveLimit(clock=clock)
        self._lag = lag or LoopLag(clock)
        self._clock = clock
        self._permits = Permits(self._adaptive.limit, ranks=len(Priority))
        LIMIT.labels(name).set_function(lambda: self._permits.limit)
        LIMIT_USED.labels(name).set_function(lambda: self._permits.in_use)
        LIMIT_WAITING.labels(name).set_function(lambda: self._permits.waiting)

    @property
    def limit(self) -> int:
        """How many may be under way now."""
        return self._permits.limit

    @property
    def in_use(self) -> int:
        """Requests under way."""
        return self._permits.in_use

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return self._permits.waiting

    async def admit(self, priority: Priority | None = None) -> Admitted:
        """Lets one in; without a `priority` that of its context. Raises Shed, DeadlineExceeded."""
        rank = current_priority() if priority is None else priority
        admitted = self.admit_now(rank)
        if admitted is None:
            await self._wait(rank)
            admitted = Admitted(self, self._clock())
        return admitted

    def admit_now(self, priority: Priority) -> Admitted | None:
        """As `admit`, but None where one would wait for room. Raises Shed."""
        if self._lag.seconds >= self._settings.shed_at_lag_seconds[priority]:
            raise self._shed(priority, "lag")
        return Admitted(self, self._clock()) if self._permits.try_take() else None

    async def execute(self, call: Call[T]) -> T:
        """What the call returns."""
        admitted = await self.admit()
        try:
            result = await call()
        except BaseException as error:
            if is_overdue(error):
                admitted.finish(was_dropped=True)
            admitted.leave()
            raise
        admitted.finish()
        return result

    def ended(self, began_at: float, was_dropped: bool) -> None:
        """For Admitted alone."""
        seconds = self._clock() - began_at
        limit = self._adaptive.observe(seconds, self._permits.in_use, was_dropped=was_dropped)
        if limit != self._permits.limit:
            self._permits.resize(limit)
        self._permits.give_back()

    def left(self) -> None:
        """For Admitted alone."""
        self._permits.give_back()

    async def _wait(self, rank: Priority) -> None:
        is_full = self._permits.waiting >= self._settings.max_waiting
        if is_full and not self._permits.evict_below(rank):
            raise self._shed(rank, "queue")
        is_admitted = await within(self._settings.max_wait_seconds, self._permits.wait(rank))
        if not is_admitted:
            raise self._shed(rank, "wait" if is_admitted is None else "evicted")

    def _shed(self, rank: Priority, reason: str) -> Shed:
        SHED.labels(self.name, rank.name.lower(), reason).inc()
        return Shed(self.name, f"{rank.name} is shed: {reason}")
