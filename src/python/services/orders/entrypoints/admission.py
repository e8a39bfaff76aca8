"""Which requests for an order are let in: so many at once, and none while the checkouts are behind."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge

from services.orders.ports import Unavailable

LEAST_ACCEPTING = 16
WINDOW_SECONDS = 0.25
SHRINK = 0.8
GROW = 16

_TURNED_AWAY = Counter("shop_orders_turned_away_total", "Requests for an order not looked at", ["reason"])
_LIMIT = Gauge("shop_orders_accepting_limit", "How many requests for an order are worked on at once, at most")


class Admission:
    """Whoever comes above the limit is told at once to try again, instead of waiting for long.

    The limit follows what the machine gets through: while requests take longer than `target_seconds` it
    shrinks by a fifth each quarter of a second, else it grows up to `max_accepting` (AIMD: Chiu and
    Jain, 1989). `is_behind` tells that orders accepted now might be given up before their turn.
    """

    def __init__(
        self,
        max_accepting: int,
        is_behind: Callable[[], bool] = lambda: False,
        *,
        target_seconds: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_accepting = max_accepting
        self._is_behind = is_behind
        self._target_seconds = target_seconds
        self._clock = clock
        self._accepting = 0
        self._limit = max_accepting
        self._window_ends = clock() + WINDOW_SECONDS
        self._finished = 0
        self._seconds = 0.0

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """For the time of one request. Raises Unavailable, before anything is done."""
        if self._accepting >= self._limit:
            raise self._refusal("busy", f"{self._limit} orders are being accepted")
        if self._is_behind():
            raise self._refusal("behind", "earlier orders wait for too long")
        self._accepting += 1
        began_at = self._clock()
        try:
            yield
        finally:
            self._accepting -= 1
            self._learn(began_at)

    def _learn(self, began_at: float) -> None:
        now = self._clock()
        self._finished += 1
        self._seconds += now - began_at
        if now < self._window_ends:
            return
        if self._seconds / self._finished > self._target_seconds:
            self._limit = max(min(LEAST_ACCEPTING, self._max_accepting), int(self._limit * SHRINK))
        else:
            self._limit = min(self._max_accepting, self._limit + GROW)
        _LIMIT.set(self._limit)
        self._window_ends = now + WINDOW_SECONDS
        self._finished, self._seconds = 0, 0.0

    @staticmethod
    def _refusal(reason: str, detail: str) -> Unavailable:
        _TURNED_AWAY.labels(reason).inc()
        return Unavailable(detail)
