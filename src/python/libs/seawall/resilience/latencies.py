"""A quantile of the latest times."""

from collections import deque

REMEMBERED = 1_000
FOUND_ANEW_AFTER = 50


class Latencies:
    """The times of the last 1,000 calls. The quantile is found anew after every 50."""

    def __init__(self, quantile: float, least_samples: int) -> None:
        self._quantile = quantile
        self._least_samples = least_samples
        self._seconds: deque[float] = deque(maxlen=REMEMBERED)
        self._since = 0
        self.seconds: float | None = None
        """The quantile; None before there are enough."""

    def observe(self, seconds: float) -> None:
        """A call took so long."""
        self._seconds.append(seconds)
        self._since += 1
        is_due = self.seconds is None or self._since >= FOUND_ANEW_AFTER
        if is_due and len(self._seconds) >= self._least_samples:
            self._since = 0
            self.seconds = sorted(self._seconds)[int(self._quantile * (len(self._seconds) - 1))]
