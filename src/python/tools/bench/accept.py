"""How long a customer waits for the 202, beside the least that it can take."""

from dataclasses import dataclass

from tools.bench.step import BUY
from tools.rehearsal.recorder import Recorder, percentiles_ms


@dataclass(frozen=True)
class AcceptFigures:
    """Latencies at one rate, in milliseconds: `slow` is ours while the provider takes 5 s."""

    rate: float
    bare_p50_ms: float
    bare_p99_ms: float
    ours_p50_ms: float
    ours_p99_ms: float
    slow_p50_ms: float
    slow_p99_ms: float
    turned_away: int


def accept_figures(rate: float, *, bare: Recorder, ours: Recorder, slow: Recorder) -> AcceptFigures:
    """Sums the three up. `turned_away` are arrivals of any of them that got no 202."""
    recorders = (bare, ours, slow)
    bare_ms, ours_ms, slow_ms = (percentiles_ms(r.kinds[BUY].latency_seconds) for r in recorders)
    return AcceptFigures(
        rate=rate,
        bare_p50_ms=bare_ms["p50"],
        bare_p99_ms=bare_ms["p99"],
        ours_p50_ms=ours_ms["p50"],
        ours_p99_ms=ours_ms["p99"],
        slow_p50_ms=slow_ms["p50"],
        slow_p99_ms=slow_ms["p99"],
        turned_away=sum(r.arrivals.total() - len(r.kinds[BUY].latency_seconds) for r in recorders),
    )
