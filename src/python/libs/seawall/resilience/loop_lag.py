"""Event-loop lag: how late a timer rings. The one queue of a process that no limit of calls can see."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

from seawall.resilience.metrics import LOOP_LAG

EVERY_SECONDS = 0.05
REMEMBERED = 3


class LoopLag:
    """The median of the last three lags, while `watched`.

    One pause (an import, the collector, a page compiled for the first time) is no overload, and is not told.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = 0.0
        self._clock = clock
        self._lags = deque([0.0] * REMEMBERED, maxlen=REMEMBERED)
        self._due_at = 0.0

    def observe(self, lag_seconds: float) -> None:
        """A timer rang so late."""
        self._lags.append(max(0.0, lag_seconds))
        self.seconds = median(self._lags)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watches the running loop for the block."""
        LOOP_LAG.set_function(lambda: self.seconds)
        self._set_timer(asyncio.get_running_loop())
        try:
            yield
        finally:
            self._timer.cancel()

    def _set_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due_at = self._clock() + EVERY_SECONDS
        self._timer = loop.call_later(EVERY_SECONDS, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self.observe(self._clock() - self._due_at)
        self._set_timer(loop)
