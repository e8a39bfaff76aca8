"""A limiter of one process: for tests, for a single replica, and as the fall-back of a shared one."""

import time
from collections.abc import Callable, Sequence

from seawall.ratelimit.decision import DecidedBy, Decision, decision
from seawall.ratelimit.keys import keys_of
from seawall.ratelimit.metrics import recorded
from seawall.ratelimit.rule import TICKS_PER_SECOND, Charge

_MAX_KEYS = 100_000


class MemoryRateLimiter:
    """GCRA over a dictionary. Where the clock is set back, no more than one capacity has to come back anew.

    Beyond `max_keys` those that are whole again are forgotten, then the oldest. `clock` is in seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, max_keys: int = _MAX_KEYS) -> None:
        self._clock = clock
        self._max_keys = max_keys
        # Theoretical arrival times, in ticks.
        self._arrivals: dict[str, int] = {}

    async def take(self, tenant: str, charges: Sequence[Charge]) -> Decision:
        """See RateLimiter. Never waits."""
        return self.take_now(tenant, charges)

    def take_now(self, tenant: str, charges: Sequence[Charge]) -> Decision:
        """The same for callers that are not coroutines."""
        keys = keys_of(tenant, charges)
        now = int(self._clock() * TICKS_PER_SECOND)
        pairs = zip(charges, keys, strict=True)
        debts = [self._debt(key, now, charge.rule.tolerance) for charge, key in pairs]
        decided = decision(charges, debts, DecidedBy.LOCAL)
        if decided.is_allowed:
            self._store(now, charges, keys, debts)
        return recorded(decided)

    def __len__(self) -> int:
        """How many keys are kept."""
        return len(self._arrivals)

    def _debt(self, key: str, now: int, tolerance: int) -> int:
        debt = max(self._arrivals.get(key, 0) - now, 0)
        if debt > tolerance:
            # The rule was changed, or the clock set back.
            self._arrivals[key] = now + tolerance
        return min(debt, tolerance)

    def _store(self, now: int, charges: Sequence[Charge], keys: list[str], debts: list[int]) -> None:
        for charge, key, debt in zip(charges, keys, debts, strict=True):
            if charge.units:
                self._arrivals.pop(key, None)
                self._arrivals[key] = now + debt + charge.cost
        if len(self._arrivals) > self._max_keys:
            self._forget(now)

    def _forget(self, now: int) -> None:
        self._arrivals = {key: arrival for key, arrival in self._arrivals.items() if arrival > now}
        # A tenth at once, or a flood of subjects would pay for a scan each time.
        excess = len(self._arrivals) - self._max_keys * 9 // 10
        for key in list(self._arrivals)[: max(0, excess)]:
            del self._arrivals[key]
