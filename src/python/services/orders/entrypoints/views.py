"""Orders as the API shows and takes them."""

from datetime import datetime
from typing import Annotated

import msgspec

from services.orders.domain import Order


class PostOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=10)]


class ListOrders(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


class OrderView(msgspec.Struct, frozen=True):
    order_id: str
    sale_id: str
    sku: str
    quantity: int
    amount_minor: int
    currency: str
    state: str
    reason: str | None
    placed_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, order: Order) -> "OrderView":
        """What the customer may see of the order."""
        return cls(
            order.order_id,
            order.sale_id,
            order.sku,
            order.quantity,
            order.amount_minor,
            order.currency,
            order.state.value,
            order.reason,
            order.placed_at,
            order.updated_at,
        )


class OrdersView(msgspec.Struct, frozen=True):
    items: list[OrderView]
