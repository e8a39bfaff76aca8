"""What the load saw: latencies from the intended send time, outcomes, and what happened each second."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from hdrh.histogram import HdrHistogram

LONGEST_MICROSECONDS = 600_000_000
SIGNIFICANT_DIGITS = 3
PERCENTILES = (50.0, 90.0, 99.0, 99.9, 100.0)


@dataclass
class Samples:
    """Answered requests of one kind: when each was meant to be sent, and how long it took."""

    intended_seconds: "array[float]" = field(default_factory=lambda: array("d"))
    latency_seconds: "array[float]" = field(default_factory=lambda: array("d"))
    outcomes: Counter[str] = field(default_factory=Counter)


class Recorder:
    """Collects while the load runs; appending is all that it does then."""

    def __init__(self) -> None:
        self.kinds: defaultdict[str, Samples] = defaultdict(Samples)
        self.arrivals: Counter[int] = Counter()
        self.accepted: dict[str, float] = {}
        self.unserved: Counter[int] = Counter()
        self.dropped = 0

    def arrived(self, at_seconds: float) -> None:
        """An arrival was due."""
        self.arrivals[int(at_seconds)] += 1

    def answered(self, kind: str, outcome: str, intended_seconds: float, latency_seconds: float) -> None:
        """A request of a kind came back, with its time from the intended send time."""
        samples = self.kinds[kind]
        samples.outcomes[outcome] += 1
        if outcome.startswith("5"):
            self.unserved[int(intended_seconds)] += 1
        samples.intended_seconds.append(intended_seconds)
        samples.latency_seconds.append(latency_seconds)

    def failed(self, kind: str, outcome: str, intended_seconds: float | None = None) -> None:
        """A request has no answer to time (refused connection, broken, timed out, not sent).

        With the time at which it was to be sent where it is not tried again.
        """
        self.kinds[kind].outcomes[outcome] += 1
        if intended_seconds is not None:
            self.unserved[int(intended_seconds)] += 1

    def accept(self, order_id: str, at_seconds: float) -> None:
        """The shop answered 202 for this order."""
        self.accepted.setdefault(order_id, at_seconds)


def histogram(seconds: Iterable[float]) -> HdrHistogram:
    """Returns an HdrHistogram in microseconds with three significant digits."""
    result = HdrHistogram(1, LONGEST_MICROSECONDS, SIGNIFICANT_DIGITS)
    for value in seconds:
        result.record_value(min(max(int(value * 1e6), 1), LONGEST_MICROSECONDS))
    return result


def percentiles_ms(seconds: Iterable[float]) -> dict[str, float]:
    """Returns count, mean and the usual percentiles in milliseconds; zeros where nothing was recorded."""
    recorded = histogram(seconds)
    count = recorded.get_total_count()
    summary = {"count": float(count), "mean": recorded.get_mean_value() / 1000 if count else 0.0}
    for percentile in PERCENTILES:
        name = "max" if percentile == 100.0 else f"p{percentile:g}"
        summary[name] = recorded.get_value_at_percentile(percentile) / 1000 if count else 0.0
    return summary
