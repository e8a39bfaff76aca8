"""Size, use and saturation of this process's pools. Source: Gregg, the USE method."""

from collections.abc import Callable
from typing import Protocol
from weakref import WeakSet

from prometheus_client import Gauge


class Pool(Protocol):
    """What is bounded and shared: connections, for one."""

    @property
    def size(self) -> int:
        """How many there may be."""

    @property
    def in_use(self) -> int:
        """How many somebody holds."""

    @property
    def waiting(self) -> int:
        """How many callers wait for one."""


class PoolGauges:
    """Sums over the open pools, read when somebody asks.

    A pool counts from `opened` until `closed`, or until nobody holds it any more.
    """

    def __init__(self, *, size: Gauge, in_use: Gauge, waiting: Gauge) -> None:
        self._pools: WeakSet[Pool] = WeakSet()
        self._show(size, lambda pool: pool.size)
        self._show(in_use, lambda pool: pool.in_use)
        self._show(waiting, lambda pool: pool.waiting)

    def opened(self, pool: Pool) -> None:
        """It counts from now on."""
        self._pools.add(pool)

    def closed(self, pool: Pool) -> None:
        """It counts no more."""
        self._pools.discard(pool)

    def _show(self, gauge: Gauge, of: Callable[[Pool], int]) -> None:
        gauge.set_function(lambda: sum(of(pool) for pool in self._pools))
