"""Orders in PostgreSQL. Those that are placed at the same moment are accepted in one transaction."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.messaging import addition
from seawall.saga import SagaLog
from seawall.sql import Database, GroupCommit, Overloaded
from seawall.telemetry import Origin, current_origin, span
from services.orders.adapters import messages, order_rows
from services.orders.adapters.batcher import Batcher
from services.orders.domain import Order, OrderState
from services.orders.ports import Unavailable

_ACCEPTED = Counter("shop_orders_accepted_total", "Orders accepted; repeated requests are not counted")


@dataclass(frozen=True, slots=True)
class _Acceptance:
    order: Order
    origin: Origin


class SqlOrders:
    """The Orders port. Once `max_backlog` messages wait to be published no order is accepted."""

    def __init__(
        self,
        database: Database,
        saga: SagaLog,
        *,
        wake: Callable[[], None] = lambda: None,
        backlog: Callable[[], int] = lambda: 0,
        max_backlog: int = 100_000,
    ) -> None:
        self._database = database
        self._saga = saga
        self._wake = wake
        self._backlog = backlog
        self._max_backlog = max_backlog
        self._acceptances: GroupCommit[_Acceptance, Order] = GroupCommit(
            database, self._accept, one_statement=True
        )
        self._lookups: Batcher[str, Order | None] = Batcher(self._known)

    @asynccontextmanager
    async def accepting(self) -> AsyncIterator["SqlOrders"]:
        """Orders are accepted within the block."""
        async with self._acceptances:
            yield self

    async def accept(self, order: Order) -> Order:
        if self._backlog() >= self._max_backlog:
            raise Unavailable("too many messages wait to be published")
        try:
            with span("accept"):
                kept = await self._acceptances.submit(_Acceptance(order, current_origin()))
        except Overloaded as error:
            raise Unavailable("too many orders wait to be accepted") from error
        if kept is order:
            _ACCEPTED.inc()
            self._wake()
        return kept

    async def _accept(self, connection: AsyncConnection, batch: Sequence[_Acceptance]) -> list[Order]:
        # In the order of their keys: batches of two replicas with the same orders never wait in a circle.
        distinct = {a.order.order_id: a for a in sorted(batch, key=lambda a: a.order.order_id)}
        placed = await self._place(connection, list(distinct.values()))
        kept = {order_id: distinct[order_id].order for order_id in placed}
        kept |= await self._by_ids(connection, distinct.keys() - placed)
        return [kept[a.order.order_id] for a in batch]

    async def _place(self, connection: AsyncConnection, acceptances: Sequence[_Acceptance]) -> set[str]:
        sagas = [(a.order.order_id, messages.saga_state(a.order, a.origin)) for a in acceptances]
        starting, commands = self._saga.starting(sagas)
        events = [messages.order_accepted(a.order, a.origin) for a in acceptances]
        orders = order_rows.insert_arrays([a.order for a in acceptances])
        parameters = {**orders, **starting, **addition([*commands, *events])}
        return {row["order_id"] for row in await order_rows.ACCEPT.fetch(connection, parameters)}

    async def known(self, order_id: str) -> Order | None:
        return await self._lookups.submit(order_id)

    async def _known(self, order_ids: Sequence[str]) -> list[Order | None]:
        async with self._database.connection() as connection:
            orders = await self._by_ids(connection, set(order_ids))
        return [orders.get(order_id) for order_id in order_ids]

    async def find(self, order_id: str, customer_id: str) -> Order | None:
        order = await self.known(order_id)
        return order if order is not None and order.customer_id == customer_id else None

    async def of_customer(self, customer_id: str, limit: int) -> list[Order]:
        parameters = {"customer_id": customer_id, "limit": limit}
        async with self._database.connection() as connection:
            rows = await order_rows.OF_CUSTOMER.fetch(connection, parameters)
        return [order_rows.order_of(row) for row in rows]

    async def changed(self, states: Mapping[str, OrderState]) -> list[Order]:
        watched = {"order_ids": list(states), "states": [state.value for state in states.values()]}
        async with self._database.connection() as connection:
            rows = await order_rows.CHANGED.fetch(connection, watched)
        return [order_rows.order_of(row) for row in rows]

    @staticmethod
    async def _by_ids(connection: AsyncConnection, order_ids: set[str]) -> dict[str, Order]:
        if not order_ids:
            return {}
        rows = await order_rows.BY_IDS.fetch(connection, {"order_ids": sorted(order_ids)})
        return {row["order_id"]: order_rows.order_of(row) for row in rows}
