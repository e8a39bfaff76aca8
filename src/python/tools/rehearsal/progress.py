"""A line each second while the load runs."""

import asyncio
from collections import Counter
from collections.abc import Callable

from tools.rehearsal.http_pool import HttpPool
from tools.rehearsal.load import REFUSED, Load
from tools.rehearsal.processes import ProcessWatch
from tools.rehearsal.recorder import Recorder
from tools.rehearsal.stores import Stores

LOOK_EVERY_SECONDS = 5
# Counting orders may take this share of the time; on large tables it is done less often.
COUNTING_SHARE = 0.1


class Progress:
    """Prints what happened in the last second, and sees to what must be done each second.

    `broken` names the faults that are under way.
    """

    def __init__(
        self,
        stores: Stores,
        sale_id: str,
        recorder: Recorder,
        watch: ProcessWatch,
        broken: Callable[[], list[str]] = list,
    ) -> None:
        self._stores = stores
        self._sale_id = sale_id
        self._recorder = recorder
        self._watch = watch
        self._broken = broken
        self._states: dict[str, int] = {}
        self._count_again_at = 0.0

    async def run(self, load: Load, pool: HttpPool) -> None:
        """Runs until it is cancelled."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        before = self._totals()
        second = 0
        while True:
            second += 1
            await asyncio.sleep(max(0.0, started + second - loop.time()))
            pool.expire()
            await self._count_orders()
            now = self._totals()
            print(self._line(load.elapsed_seconds, now - before, now, pool.in_flight), flush=True)
            before = now
            if second % LOOK_EVERY_SECONDS == 0:
                # In a thread: it takes 50 ms and more, for which the load would stand still.
                await asyncio.to_thread(self._watch.look)

    def _totals(self) -> Counter[str]:
        buy = self._recorder.kinds["buy"].outcomes
        totals = Counter(arrivals=self._recorder.arrivals.total(), accepted=buy["202"])
        totals.update({f"orders {state}": orders for state, orders in self._states.items()})
        refused = self._recorder.kinds[f"buy {REFUSED}"].outcomes
        totals["refused"] = sum(n for outcome, n in refused.items() if outcome.startswith("4"))
        every = [samples.outcomes for samples in self._recorder.kinds.values()]
        totals["failed"] = sum(n for outcomes in every for outcome, n in outcomes.items() if _failed(outcome))
        return totals

    async def _count_orders(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        if began < self._count_again_at:
            return
        try:
            self._states = await self._stores.order_states(self._sale_id)
        except Exception as error:
            print(f"  orders could not be counted: {error}", flush=True)
        self._count_again_at = began + (loop.time() - began) / COUNTING_SHARE

    def _line(self, elapsed: float, last: Counter[str], total: Counter[str], in_flight: int) -> str:
        under_way = total["orders accepted"] + total["orders payment_pending"]
        return (
            f"{elapsed:6.0f} s  {last['arrivals']:6d} arrivals  {last['accepted']:6d} accepted  "
            f"{last['refused']:6d} refused  {total['failed']:5d} failed  {in_flight:5d} in flight  "
            f"p99 {self._p99_ms():7.1f} ms  orders: {total['orders confirmed']} confirmed, "
            f"{total['orders cancelled']} cancelled, {under_way} under way{self._faults()}"
        )

    def _faults(self) -> str:
        broken = self._broken()
        return f"  faults: {', '.join(broken)}" if broken else ""

    def _p99_ms(self) -> float:
        recent = sorted(self._recorder.kinds["buy"].latency_seconds[-1000:])
        return recent[int(len(recent) * 0.99)] * 1000 if recent else 0.0


def _failed(outcome: str) -> bool:
    return outcome.startswith("5") or not outcome[0].isdigit()
