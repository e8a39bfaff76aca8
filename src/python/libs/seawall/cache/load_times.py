"""How long loads take, and how long a lease should hold therefore."""

from collections import deque

_REMEMBERED = 128
_LEAST_SECONDS = 0.1
_UNKNOWN_SECONDS = 1.0


class LoadTimes:
    """The last 128 loads."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=_REMEMBERED)

    def add(self, seconds: float) -> None:
        """A load took so long."""
        self._seconds.append(seconds)

    def lease_seconds(self) -> float:
        """Twice the 99th percentile, 0.1 at least; 1.0 as long as no load is known."""
        if not self._seconds:
            return _UNKNOWN_SECONDS
        ordered = sorted(self._seconds)
        return max(_LEAST_SECONDS, 2 * ordered[int(0.99 * (len(ordered) - 1) + 0.5)])
