"""Sums over the last seconds, in slices: the oldest slice is forgotten as a whole."""

import time
from collections.abc import Callable


class Window:
    """Two sums over the last `seconds` (less up to one slice): of all, and of what is marked.

    Adding and reading take the same time however much there is.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic, slices: int = 10) -> None:
        self._width = seconds / slices
        self._clock = clock
        self._all = [0.0] * slices
        self._marked = [0.0] * slices
        self.clear()

    def clear(self) -> None:
        """Forgets everything."""
        slices = len(self._all)
        self._all[:] = self._marked[:] = [0.0] * slices
        self._sums = (0.0, 0.0)
        self._newest = int(self._clock() / self._width)
        self._ends_at = (self._newest + 1) * self._width

    def add(self, amount: float, marked: float = 0.0) -> tuple[float, float]:
        """Adds to both sums, and returns them."""
        now = self._clock()
        if now >= self._ends_at:
            self._forget(now)
        at = self._newest % len(self._all)
        self._all[at] += amount
        self._marked[at] += marked
        everything, of_it = self._sums
        self._sums = (everything + amount, of_it + marked)
        return self._sums

    def sums(self) -> tuple[float, float]:
        """All, and what is marked."""
        now = self._clock()
        if now >= self._ends_at:
            self._forget(now)
        return self._sums

    def _forget(self, now: float) -> None:
        slices, newest = len(self._all), int(now / self._width)
        for passed in range(self._newest + 1, min(newest, self._newest + slices) + 1):
            self._all[passed % slices] = self._marked[passed % slices] = 0.0
        self._newest = newest
        self._ends_at = (newest + 1) * self._width
        # Summed anew: differences of floats would drift.
        self._sums = (sum(self._all), sum(self._marked))
