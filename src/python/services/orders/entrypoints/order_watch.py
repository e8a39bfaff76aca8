"""Tells watchers of orders that an order changed: one query for all of them at each look."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

from prometheus_client import Gauge

from services.orders.domain import Order, OrderState
from services.orders.ports import Orders

_WATCHERS = Gauge("shop_orders_watchers", "Streams of order states that are open")


class TooManyWatchers(Exception):
    """No more orders can be watched in this process."""


class OrderWatch:
    """Watches orders for at most `max_watchers` at once."""

    def __init__(self, orders: Orders, *, max_watchers: int = 5_000) -> None:
        self._orders = orders
        self._max_watchers = max_watchers
        self._count = 0
        self._watchers: dict[str, set[asyncio.Queue[Order]]] = {}
        self._states: dict[str, OrderState] = {}

    async def look(self) -> None:
        """Looks once for changes, and passes them on. Called over and over by a background job."""
        if not self._states:
            return
        for order in await self._orders.changed(dict(self._states)):
            if order.order_id in self._states:
                self._states[order.order_id] = order.state
            for queue in self._watchers.get(order.order_id, ()):
                queue.put_nowait(order)

    async def follow(self, order: Order) -> AsyncGenerator[Order, None]:
        """The order as it is, then in each new state, until a final one. Raises TooManyWatchers."""
        with self._watching(order) as changes:
            yield order
            state = order.state
            while not state.is_final:
                order = await changes.get()
                # Another watcher may have known an older state than this one.
                if order.state is not state:
                    state = order.state
                    yield order

    def admit(self) -> None:
        """Raises TooManyWatchers if there is no room for one more."""
        if self._count >= self._max_watchers:
            raise TooManyWatchers

    @contextmanager
    def _watching(self, order: Order) -> Iterator[asyncio.Queue[Order]]:
        self.admit()
        changes: asyncio.Queue[Order] = asyncio.Queue()
        queues = self._watchers.setdefault(order.order_id, set())
        # Perhaps an older state than the others know: then the next look tells everybody again.
        self._states[order.order_id] = order.state
        queues.add(changes)
        self._count += 1
        _WATCHERS.inc()
        try:
            yield changes
        finally:
            self._count -= 1
            _WATCHERS.dec()
            queues.discard(changes)
            if not queues and self._watchers.get(order.order_id) is queues:
                del self._watchers[order.order_id]
                del self._states[order.order_id]
