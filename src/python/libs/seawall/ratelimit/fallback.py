"""What holds where the shared count cannot be reached."""

import asyncio
import time
from collections.abc import Callable, Sequence

from seawall.ratelimit.decision import DecidedBy, Decision, Verdict
from seawall.ratelimit.memory import MemoryRateLimiter
from seawall.ratelimit.metrics import OUTAGES, recorded
from seawall.ratelimit.ports import RateLimiter
from seawall.ratelimit.rule import Charge
from seawall.valkey import ValkeyError


class FallbackRateLimiter:
    """Asks a shared limiter, for `timeout_seconds` at most; else this process holds its share of each rule.

    After an outage one call in `pause_seconds` asks again, and the others do not wait for it. A request
    with a rule that is `fail_closed` always asks, and is denied where it gets no answer. Never raises
    ValkeyError.
    """

    def __init__(
        self,
        shared: RateLimiter,
        *,
        replicas: int,
        timeout_seconds: float = 0.05,
        pause_seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if replicas < 1:
            raise ValueError(f"at least one replica, not {replicas}")
        self._shared = shared
        self._local = MemoryRateLimiter(clock=clock)
        self._replicas = replicas
        self._timeout_seconds = timeout_seconds
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._is_away = False
        self._ask_again_at = 0.0

    async def take(self, tenant: str, charges: Sequence[Charge]) -> Decision:
        """See RateLimiter."""
        is_closed = any(charge.rule.fail_closed for charge in charges)
        if self._is_away and not is_closed and not self._is_time_to_ask():
            return self._shared_out(tenant, charges)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                decided = await self._shared.take(tenant, charges)
        except (ValkeyError, TimeoutError):
            self._pause()
            return self._closed(charges) if is_closed else self._shared_out(tenant, charges)
        self._is_away = False
        return decided

    def _is_time_to_ask(self) -> bool:
        now = self._clock()
        if now < self._ask_again_at:
            return False
        self._ask_again_at = now + self._pause_seconds
        return True

    def _pause(self) -> None:
        OUTAGES.inc()
        self._is_away = True
        self._ask_again_at = self._clock() + self._pause_seconds

    def _shared_out(self, tenant: str, charges: Sequence[Charge]) -> Decision:
        return self._local.take_now(tenant, [charge.for_replica(self._replicas) for charge in charges])

    def _closed(self, charges: Sequence[Charge]) -> Decision:
        pause = self._pause_seconds
        verdicts = [Verdict(c.rule, not c.rule.fail_closed, 0, pause, pause) for c in charges]
        return recorded(Decision(tuple(verdicts), DecidedBy.NOBODY))
