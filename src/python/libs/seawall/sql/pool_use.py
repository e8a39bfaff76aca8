"""Use and saturation of this process's pools of connections, as metrics. Source: Gregg, the USE method."""

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from weakref import WeakSet

from prometheus_client import Counter, Gauge, Histogram

T = TypeVar("T")

_WAIT = Histogram(
    "seawall_sql_pool_wait_seconds",
    "From when a connection is asked for until it is there; making one counts",
    buckets=(0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5),
)
_FAILED = Counter(
    "seawall_sql_pool_failures_total", "Times that nobody got a connection: none free, or refused"
)


class PoolUse:
    """Of one pool. The metrics are the sums over all that are open; they are read when somebody asks."""

    def __init__(self, size: int, in_use: Callable[[], int]) -> None:
        self.size = size
        self.in_use = in_use
        self.waiting = 0
        _OPEN.add(self)

    async def taken(self, connection: Awaitable[T]) -> T:
        """The connection, when it is there. Raises what the pool raises."""
        self.waiting += 1
        began_at = time.perf_counter()
        try:
            taken = await connection
        except Exception:
            _FAILED.inc()
            raise
        finally:
            self.waiting -= 1
        _WAIT.observe(time.perf_counter() - began_at)
        return taken

    def close(self) -> None:
        """It counts no more."""
        _OPEN.discard(self)


_OPEN: WeakSet[PoolUse] = WeakSet()


def _shown(name: str, text: str, of: Callable[[PoolUse], Any]) -> None:
    Gauge(name, text).set_function(lambda: sum(of(use) for use in _OPEN))


_shown("seawall_sql_pool_size", "Connections that there may be", lambda use: use.size)
_shown("seawall_sql_pool_in_use", "Connections in use", lambda use: use.in_use())
_shown("seawall_sql_pool_waiting", "Callers that wait for a connection", lambda use: use.waiting)
