"""One step of a measurement: load at a fixed rate, and what came of it."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools.bench.meter import Use
from tools.rehearsal.arrivals import poisson, schedule
from tools.rehearsal.http_pool import HttpPool
from tools.rehearsal.load import Load
from tools.rehearsal.recorder import Recorder, percentiles_ms
from tools.rehearsal.visitors import Visit

BUY = "buy"
REQUEST_TIMEOUT_SECONDS = 15.0
# The first seconds are left out: pools fill, code is read for the first time.
LEAD_SECONDS = 2
HELD_SHARE = 0.95
REFUSED_SHARE = 0.01


@dataclass(frozen=True)
class Door:
    """Where purchases go in. What exceeds connections and the waiting ones is dropped, and counted."""

    host: str
    port: int
    connections: int
    waiting: int


@dataclass(frozen=True)
class Figures:
    """What one step showed. Rates are per second, times in milliseconds."""

    offered: float
    arrivals: float
    confirmed: float
    confirmed_to_the_end: float
    held: bool
    turned_away: int
    orders: int
    answer_p50_ms: float
    answer_p99_ms: float
    confirm_p50_ms: float
    confirm_p99_ms: float
    cpu_ms_per_order: float
    cpu_seconds: dict[str, float]
    others_cores: float


async def drive(
    door: Door, visits: Callable[[], Visit], *, rate: float, seconds: float, seed: int
) -> tuple[Recorder, float]:
    """Fires visits for some seconds, whatever the answers do, and waits for those that are still out.

    Returns what was seen, and when the load began (Unix epoch).
    """
    recorder = Recorder()
    pool = HttpPool(
        door.host,
        door.port,
        max_connections=door.connections,
        max_waiting=door.waiting,
        timeout_seconds=REQUEST_TIMEOUT_SECONDS,
    )
    load = Load(pool, visits, recorder)
    started_at = time.time()
    expiring = asyncio.create_task(_expire(pool))
    try:
        await load.run(schedule(poisson(rate, seconds), seed))
        await load.settle(REQUEST_TIMEOUT_SECONDS + 1)
    finally:
        expiring.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await expiring
        pool.close()
    return recorder, started_at


def figures(
    recorder: Recorder,
    *,
    rate: float,
    seconds: int,
    confirmed_at: Sequence[float],
    confirm_seconds: Sequence[float],
    use: Use,
) -> Figures:
    """Sums a step up. `confirmed_at` is in seconds since the load began, one for each confirmed order.

    `confirmed` counts what happened while the load was on, without its first seconds;
    `confirmed_to_the_end` counts all, and divides by the time until the last was confirmed.
    """
    window = range(LEAD_SECONDS, seconds)
    arrivals = sum(recorder.arrivals[second] for second in window) / len(window)
    confirmed = sum(LEAD_SECONDS <= at < seconds for at in confirmed_at) / len(window)
    total = sum(recorder.arrivals.values())
    turned_away = total - len(recorder.kinds[BUY].latency_seconds)
    answer, confirm = percentiles_ms(recorder.kinds[BUY].latency_seconds), percentiles_ms(confirm_seconds)
    return Figures(
        offered=rate,
        arrivals=arrivals,
        confirmed=confirmed,
        confirmed_to_the_end=len(confirmed_at) / max(seconds, *confirmed_at, 0.0),
        held=confirmed >= HELD_SHARE * arrivals and turned_away <= REFUSED_SHARE * total,
        turned_away=turned_away,
        orders=len(confirmed_at),
        answer_p50_ms=answer["p50"],
        answer_p99_ms=answer["p99"],
        confirm_p50_ms=confirm["p50"],
        confirm_p99_ms=confirm["p99"],
        cpu_ms_per_order=1000 * sum(use.cpu_seconds.values()) / max(1, len(confirmed_at)),
        cpu_seconds={name: round(used, 2) for name, used in use.cpu_seconds.items()},
        others_cores=round(use.others_cores, 2),
    )


async def _expire(pool: HttpPool) -> None:
    while True:
        await asyncio.sleep(1)
        pool.expire()
