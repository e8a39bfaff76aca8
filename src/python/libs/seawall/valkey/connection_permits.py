"""How many connections may be in use at once, and what of that is told as metrics."""

import asyncio

from prometheus_client import Counter, Gauge, Histogram

from seawall.telemetry.pool_gauges import PoolGauges

WAIT_SECONDS = 0.1

_POOLS = PoolGauges(
    size=Gauge("seawall_valkey_pool_size", "Connections that there may be"),
    in_use=Gauge("seawall_valkey_pool_in_use", "Connections in use"),
    waiting=Gauge("seawall_valkey_pool_waiting", "Callers that wait for a connection"),
)
_WAIT = Histogram(
    "seawall_valkey_pool_wait_seconds",
    "Waits for a connection where none was free",
    buckets=(0.0005, 0.001, 0.005, 0.01, 0.05, 0.1),
)
_FAILED = Counter("seawall_valkey_pool_failures_total", "Times that nobody got a connection: none was free")


class ConnectionPermits:
    """As many as there may be connections; one is taken for each call."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.in_use = 0
        self.waiting = 0
        # redis-py's own pool that waits takes some 20 us of each call for its condition and timer.
        self._free = asyncio.Semaphore(size)
        _POOLS.opened(self)

    async def take(self) -> None:
        """Raises TimeoutError where none becomes free in 0.1 s."""
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        self.in_use += 1

    def give_back(self) -> None:
        """Exactly once for each that was taken."""
        self.in_use -= 1
        self._free.release()

    def close(self) -> None:
        """They count no more."""
        _POOLS.closed(self)

    async def _wait(self) -> None:
        self.waiting += 1
        try:
            with _WAIT.time():
                async with asyncio.timeout(WAIT_SECONDS):
                    await self._free.acquire()
        except TimeoutError:
            _FAILED.inc()
            raise
        finally:
            self.waiting -= 1
