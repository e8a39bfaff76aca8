"""Retry budget: retries are a share of the calls, so that an outage is not met with twice the load.

Source: Finagle, RetryBudget (Twitter), a leaky token bucket.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from seawall.resilience.metrics import RETRY_BALANCE
from seawall.resilience.window import Window


@dataclass(frozen=True, slots=True)
class RetryBudgetSettings:
    """A call pays for `share` of a retry, for `ttl_seconds`; `per_second` retries are free."""

    ttl_seconds: float = 10.0
    share: float = 0.2
    per_second: float = 10.0


class RetryBudget:
    """Counts calls and retries. One for each dependency, shared by all that call it."""

    def __init__(
        self,
        name: str,
        settings: RetryBudgetSettings = RetryBudgetSettings(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deposit = 1.0 if settings.share else 0.0
        self._cost = 1.0 / settings.share if settings.share else 1.0
        self._reserve = settings.per_second * settings.ttl_seconds * self._cost
        self._tokens = Window(settings.ttl_seconds, clock)
        RETRY_BALANCE.labels(name).set_function(lambda: self.retries)

    @property
    def retries(self) -> int:
        """How many retries it would pay for now."""
        tokens, _ = self._tokens.sums()
        return max(0, int((tokens + self._reserve) / self._cost + 1e-9))

    def deposit(self) -> None:
        """A call was made. Once per call, not per attempt."""
        self._tokens.add(self._deposit)

    def try_withdraw(self) -> bool:
        """Pays for one retry, or says that it cannot."""
        if not self.retries:
            return False
        self._tokens.add(-self._cost)
        return True
