"""Fallback: another answer where there is none: a value, the last good one, or what a function finds."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from seawall.resilience.errors import DeadlineExceeded, Rejected
from seawall.resilience.failures import is_outage
from seawall.resilience.metrics import FALLBACKS
from seawall.resilience.policy import Call, T

Instead = Callable[[Exception], Awaitable[Any]]
"""Finds another answer for an error; raises it, or another, if there is none."""


def value(answer: object) -> Instead:
    """Always the same answer."""

    async def instead(error: Exception) -> object:
        return answer

    return instead


def is_no_answer(error: Exception) -> bool:
    """Whether the other side did not answer, or was not asked. A 4xx is an answer."""
    return isinstance(error, Rejected | DeadlineExceeded) or is_outage(error)


class Fallback:
    """Answers by `instead` where the call fails with an error for which `applies_to` holds.

    All other errors, and cancellation, go on to the caller: so does any error without this policy.
    """

    def __init__(
        self, name: str, instead: Instead, *, applies_to: Callable[[Exception], bool] = is_no_answer
    ) -> None:
        self.name = name
        self._instead = instead
        self._applies_to = applies_to
        self._used = FALLBACKS.labels(name)

    async def execute(self, call: Call[T]) -> T:
        """What the call returns, or what is found instead."""
        try:
            return await call()
        except Exception as error:
            if not self._applies_to(error):
                raise
            self._used.inc()
            answer: T = await self._instead(error)
            return answer


class LastGood:
    """Remembers what the call returned last: for a call that is always the same, such as a list of prices.

    Where it fails as in Fallback, what it returned at most `max_age_seconds` ago, else the error.
    """

    def __init__(
        self,
        name: str,
        max_age_seconds: float,
        *,
        applies_to: Callable[[Exception], bool] = is_no_answer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._max_age_seconds = max_age_seconds
        self._fallback = Fallback(name, self._remembered, applies_to=applies_to)
        self._clock = clock
        self._last: tuple[float, object] | None = None

    async def execute(self, call: Call[T]) -> T:
        """What the call returns, or did."""

        async def remember() -> T:
            answer = await call()
            self._last = (self._clock(), answer)
            return answer

        return await self._fallback.execute(remember)

    async def _remembered(self, error: Exception) -> object:
        if self._last is None or self._clock() - self._last[0] > self._max_age_seconds:
            raise error
        return self._last[1]
