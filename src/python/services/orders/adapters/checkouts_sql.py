"""Checkouts in PostgreSQL: a batch of replies is one transaction."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from prometheus_client import Counter, Histogram
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.messaging import Message, Outbox, admit
from seawall.saga import SagaLog
from seawall.sql import Database
from services.orders.adapters import messages, order_rows
from services.orders.domain import REACHED, STEPS, Order, OrderState, Reply, SagaStep, now
from services.orders.ports import Delivery

CONSUMER = "orders.replies"
EXPIRE_BATCH = 200
KNOWN_REASONS = frozenset(
    {
        "sold_out",
        "customer_cap",
        "unknown_item",
        "released",
        "declined",
        "deadline",
        "reserve_timeout",
        "charge_timeout",
    }
)

_CONFIRMED = Counter("shop_orders_confirmed_total", "Orders confirmed")
_CANCELLED = Counter("shop_orders_cancelled_total", "Orders cancelled", ["reason"])
_SECONDS = Histogram(
    "shop_orders_checkout_seconds",
    "From the acceptance of an order to its end",
    ["state"],
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 40, 60, 90),
)


class SqlCheckouts:
    """The Checkouts port. `wake` is called when there are new messages to publish."""

    def __init__(
        self, database: Database, saga: SagaLog, outbox: Outbox, wake: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self._saga = saga
        self._outbox = outbox
        self._wake = wake

    async def advance(self, deliveries: Sequence[Delivery]) -> None:
        # Only this service's consumer makes deliveries, and it makes them of messages.
        received = [cast("Message", d.receipt) for d in deliveries if d.reply is not None]
        if not received:
            return
        async with self._database.transaction() as connection:
            fresh = {(m.source, m.id) for m in await admit(connection, CONSUMER, received)}
            replies = [d.reply for d in deliveries if d.reply and (d.receipt.source, d.receipt.id) in fresh]
            ended = await self._apply(connection, replies)
        self._done(ended)

    async def _apply(self, connection: AsyncConnection, replies: Sequence[Reply]) -> list[Order]:
        moved: list[Order] = []
        # In the order of the steps, so that a batch may hold several replies to one order.
        for step in SagaStep:
            succeeded = [r.order_id for r in replies if r.step is step and r.failure is None]
            failures = {r.order_id: r.failure for r in replies if r.step is step and r.failure is not None}
            if succeeded:
                moved += await self._succeeded(connection, step, succeeded)
            if failures:
                moved += await self._failed(connection, step, failures)
        return moved

    async def _succeeded(
        self, connection: AsyncConnection, step: SagaStep, order_ids: Sequence[str]
    ) -> list[Order]:
        advance = await self._saga.succeeded(connection, step.value, list(dict.fromkeys(order_ids)))
        if step not in REACHED:
            await self._outbox.add(connection, advance.messages)
            return []
        reasons: dict[str, str | None] = dict.fromkeys(advance.moved)
        return await self._move(connection, REACHED[step], reasons, advance.messages)

    async def _failed(
        self, connection: AsyncConnection, step: SagaStep, failures: Mapping[str, str]
    ) -> list[Order]:
        advance = await self._saga.failed(connection, step.value, dict(failures))
        reasons = {order_id: failures[order_id] for order_id in advance.moved}
        return await self._move(connection, OrderState.CANCELLED, reasons, advance.messages)

    async def expire(self) -> int:
        async with self._database.transaction() as connection:
            expired = await self._saga.expire(connection, limit=EXPIRE_BATCH)
            reasons = {order_id: f"{step}_timeout" for order_id, step in expired.ids_with_step.items()}
            ended = await self._move(connection, OrderState.CANCELLED, reasons, expired.messages)
        self._done(ended)
        return len(reasons)

    async def _move(
        self,
        connection: AsyncConnection,
        state: OrderState,
        reasons: Mapping[str, str | None],
        commands: Sequence[Message],
    ) -> list[Order]:
        orders: list[Order] = []
        if reasons:
            parameters = {
                "order_ids": sorted(reasons),
                "reasons": [reasons[order_id] for order_id in sorted(reasons)],
                "state": state.value,
                "from_states": sorted(STEPS[state]),
                "now": now(),
            }
            rows = (await connection.execute(order_rows.MOVE, parameters)).all()
            orders = [order_rows.order_of(row) for row in rows]
        correlation_ids = {command.key: command.correlation_id for command in commands}
        events = [
            _EVENTS[state](order, correlation_ids.get(order.order_id)) for order in orders if state in _EVENTS
        ]
        await self._outbox.add(connection, [*commands, *events])
        return orders

    def _done(self, moved: Sequence[Order]) -> None:
        self._wake()
        for order in moved:
            if order.state is OrderState.CONFIRMED:
                _CONFIRMED.inc()
            elif order.state is OrderState.CANCELLED:
                _CANCELLED.labels(order.reason if order.reason in KNOWN_REASONS else "other").inc()
            if order.state.is_final:
                seconds = (order.updated_at - order.placed_at).total_seconds()
                _SECONDS.labels(order.state.value).observe(seconds)


_EVENTS: Mapping[OrderState, Callable[[Order, str | None], Message]] = {
    OrderState.CONFIRMED: messages.order_confirmed,
    OrderState.CANCELLED: messages.order_cancelled,
}
