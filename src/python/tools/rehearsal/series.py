"""What happened in each second of a run."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tools.rehearsal.recorder import Recorder
from tools.rehearsal.snapshot import Order


@dataclass(frozen=True)
class Series:
    """One value per second since the load began; latencies are those of purchases, in milliseconds.

    `unserved` are requests that were answered 5xx, or not at all, by the time they were meant for.
    """

    arrivals: list[int]
    accepted: list[int]
    confirmed: list[int]
    cancelled: list[int]
    unserved: list[int]
    p50_ms: list[float | None]
    p99_ms: list[float | None]
    max_ms: list[float | None]


def series_of(recorder: Recorder, orders: Iterable[Order], started_at: float) -> Series:
    """Returns the series of a run that began at `started_at` (Unix epoch)."""
    accepted = Counter(int(at) for at in recorder.accepted.values())
    ended: dict[str, Counter[int]] = {"confirmed": Counter(), "cancelled": Counter()}
    for order in orders:
        if order.state in ended:
            ended[order.state][max(0, int(order.updated_at.timestamp() - started_at))] += 1
    counters = [recorder.arrivals, accepted, *ended.values(), recorder.unserved]
    seconds = 1 + max((second for counter in counters for second in counter), default=0)
    counts = [[counter[second] for second in range(seconds)] for counter in counters]
    latencies = list(zip(*_latencies_ms(recorder, seconds), strict=True))
    return Series(
        arrivals=counts[0],
        accepted=counts[1],
        confirmed=counts[2],
        cancelled=counts[3],
        unserved=counts[4],
        p50_ms=list(latencies[0]),
        p99_ms=list(latencies[1]),
        max_ms=list(latencies[2]),
    )


def _latencies_ms(recorder: Recorder, seconds: int) -> list[tuple[float | None, ...]]:
    samples = recorder.kinds["buy"]
    intended = np.asarray(samples.intended_seconds).astype(int)
    latency_ms = np.asarray(samples.latency_seconds) * 1000
    rows: list[tuple[float | None, ...]] = []
    for second in range(seconds):
        values = latency_ms[intended == second]
        rows.append(
            tuple(round(float(v), 3) for v in np.percentile(values, [50, 99, 100]))
            if len(values)
            else (None, None, None)
        )
    return rows
