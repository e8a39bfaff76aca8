"""Use and saturation of this process's pools of connections, as metrics. Source: Gregg, the USE method."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from prometheus_client import Counter, Gauge, Histogram

from seawall.telemetry.pool_gauges import PoolGauges

T = TypeVar("T")

_POOLS = PoolGauges(
    size=Gauge("seawall_sql_pool_size", "Connections that there may be"),
    in_use=Gauge("seawall_sql_pool_in_use", "Connections in use"),
    waiting=Gauge("seawall_sql_pool_waiting", "Callers that wait for a connection"),
)
_WAIT = Histogram(
    "seawall_sql_pool_wait_seconds",
    "From when a connection is asked for until it is there; making one counts",
    buckets=(0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5),
)
_FAILED = Counter(
    "seawall_sql_pool_failures_total", "Times that nobody got a connection: none free, or refused"
)


class PoolUse:
    """Of one pool, counted from when it is made until `close`."""

    def __init__(self, size: int, in_use: Callable[[], int]) -> None:
        self.size = size
        self.waiting = 0
        self._in_use = in_use
        _POOLS.opened(self)

    @property
    def in_use(self) -> int:
        """Connections that somebody holds."""
        return self._in_use()

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
        _POOLS.closed(self)
