"""Checkouts in PostgreSQL: a batch of replies is one transaction."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.messaging import Message, Outbox, measure_tables, origin_of
from seawall.saga import SagaLog
from seawall.sql import Database
from seawall.telemetry import Origin
from services.orders.adapters import messages, order_rows
from services.orders.domain import REACHED, STEPS, Order, OrderState, Reply, SagaStep

EXPIRE_BATCH = 200
# Behind: so many orders have waited so long for their reservation. A broker's restart does not take this
# long, and there is time left before they are given up.
BEHIND_ORDERS = 500
BEHIND_SHARE = 0.4
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
_BEHIND = Gauge("shop_orders_behind", "Whether no orders are accepted until earlier ones are reserved")
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
        self,
        database: Database,
        saga: SagaLog,
        outbox: Outbox,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        wake: Callable[[], None] = lambda: None,
        behind_orders: int = BEHIND_ORDERS,
    ) -> None:
        self._database = database
        self._saga = saga
        self._outbox = outbox
        self._clock = clock
        self._wake = wake
        self._behind_orders = behind_orders
        self._is_behind = False

    async def advance(self, replies: Sequence[Reply]) -> None:
        if not replies:
            return
        async with self._database.transaction() as connection:
            work = _Work(connection, self._saga, self._clock())
            # In the order of the steps, so that a batch may hold several replies to one order.
            for step in SagaStep:
                await work.apply(step, [reply for reply in replies if reply.step is step])
            for step in reversed(SagaStep):
                await work.undone(step, [reply for reply in replies if reply.step is step])
            await self._outbox.add(connection, work.messages)
        self._done(work)

    async def expire(self) -> int:
        async with self._database.transaction() as connection:
            expired = await self._saga.expire(connection, limit=EXPIRE_BATCH)
            reasons = {order_id: f"{step}_timeout" for order_id, step in expired.ids_with_step.items()}
            work = _Work(connection, self._saga, self._clock())
            await work.move(OrderState.CANCELLED, reasons, expired.messages)
            await self._outbox.add(connection, work.messages)
        self._done(work)
        return len(reasons)

    @property
    def is_behind(self) -> bool:
        """Whether many orders wait for so long that new ones might be given up before their turn."""
        return self._is_behind

    async def look(self) -> None:
        """Finds out whether the checkouts are behind."""
        late = await self._saga.late(
            self._database, SagaStep.RESERVE, BEHIND_SHARE, limit=self._behind_orders
        )
        self._is_behind = late >= self._behind_orders
        _BEHIND.set(self._is_behind)

    async def measure(self) -> None:
        """Sets the metrics of the checkouts that have not ended, and of what waits in the outbox."""
        await self._saga.measure(self._database)
        await measure_tables(self._database)

    async def purge(self, saga_seconds: float) -> None:
        """Forgets sagas that ended longer ago."""
        await self._saga.purge(self._database, saga_seconds)

    def _done(self, work: "_Work") -> None:
        if work.messages:
            self._wake()
        for order in work.orders:
            _count(order)


class _Work:
    """What one transaction does to checkouts: the orders that moved, and the messages to publish."""

    def __init__(self, connection: AsyncConnection, saga: SagaLog, now: datetime) -> None:
        self._connection = connection
        self._saga = saga
        self._now = now
        self.orders: list[Order] = []
        self.messages: list[Message] = []

    async def apply(self, step: SagaStep, replies: Sequence[Reply]) -> None:
        """Takes replies to one step into account."""
        succeeded = [r.order_id for r in replies if r.failure is None and not r.undone]
        if succeeded:
            advance = await self._saga.succeeded(self._connection, step.value, succeeded)
            await self.move(REACHED.get(step), dict.fromkeys(advance.moved), advance.messages)
        failures = {reply.order_id: reply.failure for reply in replies if reply.failure is not None}
        if failures:
            advance = await self._saga.failed(self._connection, step.value, failures)
            reasons = {order_id: failures[order_id] for order_id in advance.moved}
            await self.move(OrderState.CANCELLED, reasons, advance.messages)

    async def undone(self, step: SagaStep, replies: Sequence[Reply]) -> None:
        """Takes answers to the undoing of one step into account; the orders were cancelled before."""
        order_ids = [reply.order_id for reply in replies if reply.undone]
        if order_ids:
            advance = await self._saga.compensated(self._connection, step.value, order_ids)
            self.messages += advance.messages

    async def move(
        self, state: OrderState | None, reasons: Mapping[str, str | None], commands: Sequence[Message]
    ) -> None:
        """Brings the orders named in `reasons` into a state. None is no state of its own."""
        self.messages += commands
        if state is None or not reasons:
            return
        order_ids = sorted(reasons)
        parameters = {
            "order_ids": order_ids,
            "reasons": [reasons[order_id] for order_id in order_ids],
            "state": state.value,
            "from_states": sorted(STEPS[state]),
            "now": self._now,
        }
        rows = await order_rows.MOVE.fetch(self._connection, parameters)
        moved = [order_rows.order_of(row) for row in rows]
        self.orders += moved
        if state in _EVENTS:
            origins = {command.key: origin_of(command) for command in commands}
            self.messages += [_EVENTS[state](o, origins.get(o.order_id, Origin())) for o in moved]


def _count(order: Order) -> None:
    if order.state is OrderState.CONFIRMED:
        _CONFIRMED.inc()
    elif order.state is OrderState.CANCELLED:
        _CANCELLED.labels(order.reason if order.reason in KNOWN_REASONS else "other").inc()
    if order.state.is_final:
        seconds = (order.updated_at - order.placed_at).total_seconds()
        _SECONDS.labels(order.state.value).observe(seconds)


_EVENTS: Mapping[OrderState, Callable[[Order, Origin], Message]] = {
    OrderState.CONFIRMED: messages.order_confirmed,
    OrderState.CANCELLED: messages.order_cancelled,
}
