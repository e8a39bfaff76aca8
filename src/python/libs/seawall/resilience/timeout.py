"""Timeout: how long a call may take, and never longer than its caller waits."""

import asyncio
import time
from collections.abc import Callable

from seawall.resilience.deadline import CURRENT, LEAST_SECONDS, Deadline
from seawall.resilience.errors import DeadlineExceeded, TimedOut
from seawall.resilience.metrics import TIMEOUTS
from seawall.resilience.policy import Call, T
from seawall.resilience.timer_wheel import wheel_of_loop


class Timeout:
    """Ends a call at the nearer of its own limit and the caller's deadline, which the call sees as its own.

    Raises TimedOut when the limit was the nearer, so that somebody may try again; DeadlineExceeded when
    the caller waits no longer, and without a call if less than 10 ms are left. At most 5 ms late.
    """

    def __init__(
        self, name: str, seconds: float | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Without `seconds` the caller's deadline alone counts."""
        self.name = name
        self._seconds = seconds
        self._clock = clock
        self._own = TIMEOUTS.labels(name, "limit")
        self._callers = TIMEOUTS.labels(name, "deadline")

    async def execute(self, call: Call[T]) -> T:
        """What the call returns in time."""
        parent = CURRENT.get()
        if parent is not None:
            remaining = parent.at - parent.clock()
            if remaining < LEAST_SECONDS:
                parent.check()
            if self._seconds is None or remaining <= self._seconds:
                return await self._within(remaining, call, is_own=False)
        if self._seconds is None:
            return await call()
        token = CURRENT.set(Deadline.after(self._seconds, self._clock))
        try:
            return await self._within(self._seconds, call, is_own=True)
        finally:
            CURRENT.reset(token)

    async def _within(self, seconds: float, call: Call[T], *, is_own: bool) -> T:
        wheel = wheel_of_loop()
        expiry = wheel.start(seconds)
        try:
            result = await call()
        except BaseException as error:
            if wheel.take_back(expiry) and isinstance(error, asyncio.CancelledError):
                raise self._error(is_own) from error
            raise
        wheel.take_back(expiry)
        return result

    def _error(self, is_own: bool) -> Exception:
        if is_own:
            self._own.inc()
            return TimedOut(f"{self.name}: no answer within {self._seconds} s")
        self._callers.inc()
        return DeadlineExceeded("the deadline passed while waiting")
