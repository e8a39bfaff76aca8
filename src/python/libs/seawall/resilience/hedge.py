"""Hedge: a call that takes longer than nearly all others is made a second time; the first answer counts.

Source: Dean and Barroso, The tail at scale, CACM 2013, "hedged requests".
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seawall.resilience.latencies import Latencies
from seawall.resilience.metrics import HEDGES
from seawall.resilience.policy import Call, T
from seawall.resilience.retry_budget import RetryBudget, RetryBudgetSettings
from seawall.tasks import end


@dataclass(frozen=True, slots=True)
class HedgeSettings:
    """The second call comes after `quantile` of the latest times; second calls are at most `most_share`."""

    quantile: float = 0.95
    most_share: float = 0.05
    least_samples: int = 100


class Hedge:
    """For idempotent calls only: others are made once.

    The loser is cancelled, and has ended when `execute` returns: what it used is given back by then. If
    one fails the other's answer counts; if both do, the first one's error.
    """

    def __init__(
        self,
        name: str,
        *,
        is_idempotent: bool,
        settings: HedgeSettings = HedgeSettings(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._is_idempotent = is_idempotent
        self._latencies = Latencies(settings.quantile, settings.least_samples)
        shares = RetryBudgetSettings(share=settings.most_share, per_second=0.0)
        self._budget = RetryBudget(f"{name} hedges", shares, clock)
        self._clock = clock

    async def execute(self, call: Call[T]) -> T:
        """What the faster of the two returns."""
        self._budget.deposit()
        delay = self._latencies.seconds
        if not self._is_idempotent or delay is None:
            return await self._timed(call)
        tasks = [asyncio.create_task(self._timed(call))]
        try:
            await asyncio.wait(tasks, timeout=delay)
            if not tasks[0].done() and self._budget.try_withdraw():
                tasks.append(asyncio.create_task(self._timed(call)))
            return await self._winner(tasks)
        finally:
            await end(*tasks)

    async def _winner(self, tasks: Sequence[asyncio.Task[T]]) -> T:
        winner = await _first_good(tasks)
        if len(tasks) > 1:
            HEDGES.labels(self.name, "first" if winner is tasks[0] else "second").inc()
        return winner.result()

    async def _timed(self, call: Call[T]) -> T:
        """Of a call that is cancelled it is known that it takes at least so long."""
        began_at = self._clock()
        try:
            result = await call()
        except asyncio.CancelledError:
            self._latencies.observe(self._clock() - began_at)
            raise
        self._latencies.observe(self._clock() - began_at)
        return result


async def _first_good(tasks: Sequence[asyncio.Task[T]]) -> asyncio.Task[T]:
    """The first that returns; the first of all if none does."""
    pending = set(tasks)
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task in done and not task.cancelled() and task.exception() is None:
                return task
    return tasks[0]
