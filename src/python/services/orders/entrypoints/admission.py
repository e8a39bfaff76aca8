"""Which requests for an order are let in: so many at once, and none while the checkouts are behind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge

from services.orders.ports import Unavailable

_TURNED_AWAY = Counter(
    "shop_orders_turned_away_total", "Requests for an order not even looked at", ["reason"]
)
_ACCEPTING = Gauge("shop_orders_accepting", "Requests for an order that are being worked on")


class Admission:
    """Whoever comes above the bound is told at once to try again, instead of waiting for long.

    A queue that is longer than `max_accepting` makes everybody wait and nobody faster (Little's law:
    256 requests at 1,000 a second are a quarter of a second). `is_behind` tells that orders which were
    accepted now might be given up before anybody gets to them.
    """

    def __init__(self, max_accepting: int, is_behind: Callable[[], bool] = lambda: False) -> None:
        self._max_accepting = max_accepting
        self._is_behind = is_behind
        self._accepting = 0

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """For the time of one request. Raises Unavailable, before anything is done."""
        if self._accepting >= self._max_accepting:
            raise self._refusal("busy", f"{self._max_accepting} orders are being accepted")
        if self._is_behind():
            raise self._refusal("behind", "earlier orders wait for too long")
        self._accepting += 1
        _ACCEPTING.set(self._accepting)
        try:
            yield
        finally:
            self._accepting -= 1
            _ACCEPTING.set(self._accepting)

    @staticmethod
    def _refusal(reason: str, detail: str) -> Unavailable:
        _TURNED_AWAY.labels(reason).inc()
        return Unavailable(detail)
