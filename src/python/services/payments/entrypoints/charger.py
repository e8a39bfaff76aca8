"""The charger: a loop that claims charges and makes attempts, many at a time, until it is stopped."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextvars import Context

from prometheus_client import Counter, Gauge

from seawall.telemetry import bind_correlation_id, bind_traceparent, trace_id_of
from services.payments.domain import Claim, Outcome
from services.payments.ports import ChargeQueue, Provider
from services.payments.use_cases import attempt

logger = logging.getLogger(__name__)

ATTEMPTS = Counter("shop_payment_attempts", "Attempts at charges and voids, by the state after", ["state"])
IN_FLIGHT = Gauge("shop_payment_attempts_in_flight", "Attempts that are being made now")


# Claimed ahead, so that no permit is idle during a claim; it must fit into the lease.
CLAIMED_PER_PERMIT = 2


class Charger:
    """Calls the provider up to `concurrency` times at once; outcomes are stored beside the next calls.

    It is woken when there is work, and looks by itself every `poll_seconds`: for retries that are
    due, and for charges that another replica claimed and did not finish.
    """

    def __init__(
        self,
        queue: ChargeQueue,
        provider: Provider,
        *,
        concurrency: int = 64,
        poll_seconds: float = 0.5,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._queue = queue
        self._provider = provider
        self._permits = asyncio.Semaphore(concurrency)
        self._most_claimed = concurrency * CLAIMED_PER_PERMIT
        self._claimed = 0
        self._poll_seconds = poll_seconds
        self._draw = draw
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._attempts: set[asyncio.Task[None]] = set()
        self._settled_now: list[Outcome] = []

    def wake(self) -> None:
        """Says that there may be work."""
        self._work.set()

    @property
    def room(self) -> int:
        """How many more claims it takes; what is claimed must be attempted within its lease."""
        return max(0, self._most_claimed - self._claimed)

    def take(self, claims: Sequence[Claim]) -> None:
        """Attempts charges that are leased to this process already."""
        for claim in claims:
            self._start(claim)

    async def run(self) -> None:
        """Runs until it is cancelled. A fault of the store delays, and is logged."""
        while True:
            free = await self._free()
            self._work.clear()
            claims = await self._claim(free)
            for claim in claims:
                self._start(claim)
            if len(claims) < free:
                await self._pause()

    async def finish(self, timeout_seconds: float) -> None:
        """Lets the attempts under way end; what does not in time is cancelled, and its lease lapses."""
        if self._attempts:
            _, late = await asyncio.wait(self._attempts, timeout=timeout_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _free(self) -> int:
        # Claims are made for a quarter of the room at least: one statement for many charges.
        while self._claimed > self._most_claimed * 3 // 4:
            self._room.clear()
            await self._room.wait()
        return self.room

    async def _claim(self, limit: int) -> list[Claim]:
        try:
            return await self._queue.claim(limit)
        except Exception:
            logger.exception("charges could not be claimed")
            await asyncio.sleep(self._poll_seconds)
            return []

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._poll_seconds):
                await self._work.wait()
        except TimeoutError:
            return

    def _start(self, claim: Claim) -> None:
        self._claimed += 1
        task = asyncio.get_running_loop().create_task(self._attempt(claim))
        self._attempts.add(task)
        task.add_done_callback(self._attempts.discard)

    async def _attempt(self, claim: Claim) -> None:
        with bind_correlation_id(claim.correlation_id), bind_traceparent(claim.traceparent):
            try:
                outcome = await self._call(claim)
                if await self._queue.settle(outcome):
                    self._settled(outcome)
            except Exception:
                logger.exception("an attempt failed; its lease lapses", extra={"order_id": claim.order_id})

    async def _call(self, claim: Claim) -> Outcome:
        try:
            async with self._permits:
                with IN_FLIGHT.track_inprogress():
                    return await attempt(claim, self._provider, self._draw)
        finally:
            self._claimed -= 1
            self._room.set()

    def _settled(self, outcome: Outcome) -> None:
        ATTEMPTS.labels(outcome.state).inc()
        loop = asyncio.get_running_loop()
        if not self._settled_now:
            loop.call_soon(self._log_settled, context=Context())
        self._settled_now.append(outcome)
        if not outcome.is_final:
            loop.call_later(outcome.retry_seconds, self.wake)

    def _log_settled(self) -> None:
        """A line for each state, not for each order: what is committed together comes here together."""
        settled, self._settled_now = self._settled_now, []
        by_state: dict[tuple[bool, str], list[Outcome]] = {}
        for outcome in settled:
            by_state.setdefault((outcome.is_final, outcome.state.value), []).append(outcome)
        for (is_final, state), outcomes in by_state.items():
            order_ids = [outcome.claim.order_id for outcome in outcomes]
            reasons = sorted({outcome.reason for outcome in outcomes if outcome.reason})
            ids = [outcome.claim.correlation_id for outcome in outcomes if outcome.claim.correlation_id]
            traces = [trace for o in outcomes if (trace := trace_id_of(o.claim.traceparent))]
            facts = {"order_ids": order_ids, "reasons": reasons, "correlation_ids": ids, "trace_ids": traces}
            if is_final:
                logger.info("payments %s", state, extra=facts)
            else:
                logger.warning("payments still %s", state, extra=facts)
