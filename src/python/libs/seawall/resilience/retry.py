"""Retry: a failed call is made again, once, a little later, if that does no harm and the budget pays.

Source: Brooker, Exponential backoff and jitter (AWS), "full jitter"; Finagle, retry budgets.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from seawall.resilience.attempt import bind_attempt, current_attempt
from seawall.resilience.deadline import LEAST_SECONDS, current_deadline
from seawall.resilience.failures import Effect, effect_of
from seawall.resilience.metrics import RETRIES, RETRIES_GIVEN_UP
from seawall.resilience.policy import Call, T
from seawall.resilience.retry_budget import RetryBudget


@dataclass(frozen=True, slots=True)
class RetrySettings:
    """Before attempt n+1 it waits between 0 and `base_seconds` * 2^(n-1), at most `cap_seconds`."""

    max_attempts: int = 2
    base_seconds: float = 0.025
    cap_seconds: float = 1.0


class Retry:
    """Makes a call up to `max_attempts` times, and raises the last error.

    What may have been done is repeated only if `is_idempotent`. Never longer than the caller's deadline.
    Where somebody above retries (`current_attempt`), it makes the call once; its own calls see their number.
    """

    def __init__(
        self,
        name: str,
        *,
        is_idempotent: bool,
        budget: RetryBudget | None = None,
        settings: RetrySettings = RetrySettings(),
        effect: Callable[[Exception], Effect] = effect_of,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        """`uniform` returns numbers from 0 to 1. Without a `budget` it has one of its own."""
        self.name = name
        self._is_idempotent = is_idempotent
        self._budget = budget or RetryBudget(name)
        self._settings = settings
        self._effect = effect
        self._sleep = sleep
        self._uniform = uniform

    async def execute(self, call: Call[T]) -> T:
        """What the first attempt that succeeds returns."""
        if current_attempt() is not None:
            return await call()
        self._budget.deposit()
        attempt = 1
        while True:
            try:
                with bind_attempt(attempt):
                    return await call()
            except Exception as error:
                pause = self._jitter(attempt)
                refusal = self._why_not(attempt, error, pause)
                if refusal is not None:
                    RETRIES_GIVEN_UP.labels(self.name, refusal).inc()
                    raise
            await self._sleep(pause)
            RETRIES.labels(self.name).inc()
            attempt += 1

    def _why_not(self, attempt: int, error: Exception, pause: float) -> str | None:
        """Why it is not made again. The budget comes last: only a retry that is made is paid for."""
        effect = self._effect(error)
        if effect is Effect.FINAL:
            return "final"
        if effect is Effect.UNKNOWN and not self._is_idempotent:
            return "not idempotent"
        if attempt >= self._settings.max_attempts:
            return "attempts"
        deadline = current_deadline()
        if deadline is not None and deadline.remaining_seconds() - pause < LEAST_SECONDS:
            return "deadline"
        return None if self._budget.try_withdraw() else "budget"

    def _jitter(self, attempt: int) -> float:
        most: float = min(self._settings.cap_seconds, self._settings.base_seconds * 2 ** (attempt - 1))
        return self._uniform() * most
