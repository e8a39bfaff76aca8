"""What orders does."""

from collections.abc import Callable
from datetime import datetime

from services.orders.domain import (
    IdempotencyKeyReused,
    ItemUnknown,
    Order,
    OrderRefused,
    PlaceOrder,
    SaleItem,
    SaleNotOpen,
    SaleUnknown,
)
from services.orders.ports import Checkouts, Holds, Orders, Sales


async def place_order(
    wish: PlaceOrder, *, sales: Sales, holds: Holds, orders: Orders, clock: Callable[[], datetime]
) -> Order:
    """Accept an order whose units are held; it survives any crash once this returns.

    A repeated wish gets the order that it made, as it was accepted, even if a new one would be refused.
    Raises an OrderRefused, or Unavailable; after the latter a hold may be left, which lapses.
    """
    item = await _item(wish, sales)
    order = Order.of(wish, item, clock())
    refused = await _refusal(order, item, holds)
    if refused is None:
        kept = await orders.accept(order)
    else:
        known = await orders.known(order.order_id)
        if known is None:
            raise refused
        kept = known
    if not kept.is_for_the_same(order):
        raise IdempotencyKeyReused(order.order_id)
    return kept.as_accepted()


async def _item(wish: PlaceOrder, sales: Sales) -> SaleItem:
    items = await sales.items(wish.sale_id)
    if not items:
        raise SaleUnknown(wish.sale_id)
    if wish.sku not in items:
        raise ItemUnknown(wish.sku)
    return items[wish.sku]


async def _refusal(order: Order, item: SaleItem, holds: Holds) -> OrderRefused | None:
    if not item.is_open(order.placed_at):
        return SaleNotOpen(order.sale_id)
    return await holds.take(order)


async def expire_checkouts(checkouts: Checkouts) -> int:
    """End all checkouts whose step took too long. Returns how many."""
    ended = 0
    while expired := await checkouts.expire():
        ended += expired
    return ended
