"""The ports of orders in memory."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from services.orders.domain import Order, OrderRefused, OrderState, PlaceOrder, SaleItem, SoldOut
from services.orders.ports import Unavailable

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_wish(sku: str = "mug", quantity: int = 1, key: str = "key", customer_id: str = "ann") -> PlaceOrder:
    return PlaceOrder(customer_id, "sale", sku, quantity, key)


def an_item(
    sku: str = "mug", opens_at: datetime = NOON - HOUR, closes_at: datetime = NOON + HOUR
) -> SaleItem:
    opens_at_ms, closes_at_ms = (int(at.timestamp() * 1000) for at in (opens_at, closes_at))
    return SaleItem("sale", sku, 1250, "EUR", opens_at_ms, closes_at_ms)


class InMemorySales:
    """The Sales port."""

    def __init__(self, *items: SaleItem) -> None:
        self.known = {item.sku: item for item in items}

    async def add(self, items: Sequence[SaleItem]) -> None:
        for item in items:
            self.known.setdefault(item.sku, item)

    async def items(self, sale_id: str) -> Mapping[str, SaleItem]:
        return self.known if sale_id == "sale" else {}


class InMemoryHolds:
    """The Holds port: `left` units of anything; does not answer if `away`."""

    def __init__(self, left: int = 10) -> None:
        self.left = left
        self.away = False
        self.held: dict[str, int] = {}

    async def take(self, order: Order) -> OrderRefused | None:
        if self.away:
            raise Unavailable("inventory")
        if order.order_id not in self.held:
            if order.quantity > self.left:
                return SoldOut(order.sku)
            self.left -= order.quantity
            self.held[order.order_id] = order.quantity
        return None


class InMemoryOrders:
    """The Orders port. Counts the checkouts that it started."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.started = 0

    async def accept(self, order: Order) -> Order:
        if order.order_id not in self.orders:
            self.started += 1
            self.orders[order.order_id] = order
        return self.orders[order.order_id]

    async def known(self, order_id: str) -> Order | None:
        return self.orders.get(order_id)

    async def find(self, order_id: str, customer_id: str) -> Order | None:
        order = self.orders.get(order_id)
        return order if order and order.customer_id == customer_id else None

    async def of_customer(self, customer_id: str, limit: int) -> list[Order]:
        return [order for order in self.orders.values() if order.customer_id == customer_id][:limit]

    async def changed(self, states: Mapping[str, OrderState]) -> list[Order]:
        return [
            self.orders[order_id]
            for order_id, state in states.items()
            if order_id in self.orders and self.orders[order_id].state is not state
        ]
