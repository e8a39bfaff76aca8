"""Adaptive limit: how many calls at once a process gets through without a queue of its own building up.

Source: Netflix, concurrency-limits, Gradient2: the long-term round trip over the short-term one.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

SUSPICION = 50


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """Times may grow to `tolerance` times the usual ones before the limit falls; `headroom` lets it grow.

    It is found anew every `window_seconds`, from at least `least_samples`. The usual time follows over
    about `long_windows` windows; fifty times as slowly up while the limit is used up.
    """

    initial: int = 20
    least: int = 4
    most: int = 200
    tolerance: float = 1.5
    headroom: float = 4.0
    smoothing: float = 0.2
    after_drops: float = 0.9
    window_seconds: float = 0.1
    least_samples: int = 10
    long_windows: int = 600


class AdaptiveLimit:
    """Told of each call that ended, it says how many may be under way. Decides only; holds nobody up."""

    def __init__(
        self, settings: LimitSettings = LimitSettings(), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._limit = float(settings.initial)
        self._usual: float | None = None
        self._ends_at = clock() + settings.window_seconds
        self._samples = self._peak = 0
        self._seconds = 0.0
        self._has_drops = False

    @property
    def limit(self) -> int:
        """How many may be under way."""
        return int(self._limit)

    def observe(self, seconds: float, in_flight: int, *, was_dropped: bool = False) -> int:
        """A call took so long, with so many under way; `was_dropped` if it took too long. The limit now."""
        self._samples += 1
        self._seconds += seconds
        self._peak = max(self._peak, in_flight)
        self._has_drops |= was_dropped
        now = self._clock()
        if now >= self._ends_at and self._samples >= self._settings.least_samples:
            self._adapt()
            self._forget(now)
        return self.limit

    def _adapt(self) -> None:
        settings = self._settings
        recent = self._seconds / self._samples
        if self._has_drops:
            self._move_to(self._limit * settings.after_drops)
            return
        usual = self._follow(recent)
        # With so little under way, times say nothing about more.
        if self._peak < self._limit / 2:
            return
        gradient = max(0.5, min(1.0, settings.tolerance * usual / recent)) if recent > 0 else 1.0
        wanted = self._limit * gradient + settings.headroom
        self._move_to(self._limit + (wanted - self._limit) * settings.smoothing)

    def _follow(self, recent: float) -> float:
        """The usual time. After an overload it comes back faster than it went up."""
        if self._usual is None:
            self._usual = recent
        # With the limit used up, longer times may be its own doing: they are not soon taken for usual.
        is_suspect = recent > self._usual and self._peak >= self.limit
        windows = self._settings.long_windows * (SUSPICION if is_suspect else 1)
        self._usual += (recent - self._usual) * 2 / (windows + 1)
        if self._usual > 2 * recent:
            self._usual *= 0.95
        return self._usual

    def _move_to(self, limit: float) -> None:
        if math.isfinite(limit):
            self._limit = min(max(limit, self._settings.least), self._settings.most)

    def _forget(self, now: float) -> None:
        self._ends_at = now + self._settings.window_seconds
        self._samples = self._peak = 0
        self._seconds = 0.0
        self._has_drops = False
