"""Placing an order, with everything around it in memory."""

from dataclasses import replace

import pytest

from services.orders.domain import (
    IdempotencyKeyReused,
    ItemUnknown,
    OrderState,
    SaleNotOpen,
    SaleUnknown,
    SoldOut,
)
from services.orders.ports import Unavailable
from services.orders.use_cases import place_order
from unit.services.orders.fakes import (
    HOUR,
    NOON,
    InMemoryHolds,
    InMemoryOrders,
    InMemorySales,
    a_wish,
    an_item,
)


class Shop:
    def __init__(self):
        self.now = NOON
        self.sales, self.holds, self.orders = InMemorySales(an_item()), InMemoryHolds(), InMemoryOrders()

    async def place(self, wish):
        return await place_order(
            wish, sales=self.sales, holds=self.holds, orders=self.orders, clock=lambda: self.now
        )


@pytest.fixture
def shop():
    return Shop()


async def test_an_order_is_accepted_at_the_price_of_the_sale(shop):
    """The amount is the price of the units; nothing has happened to the order yet."""
    order = await shop.place(a_wish(quantity=2))
    assert (order.amount_minor, order.currency, order.state) == (2500, "EUR", OrderState.ACCEPTED)
    assert (order.placed_at, order.updated_at, order.reason) == (NOON, NOON, None)
    assert shop.orders.started == 1


async def test_a_repeated_wish_is_the_same_order(shop):
    """No second checkout, no second hold, and the answer of the first time."""
    first = await shop.place(a_wish())
    kept = shop.orders.orders[first.order_id]
    shop.orders.orders[first.order_id] = replace(kept, state=OrderState.CANCELLED, reason="declined")
    shop.now = NOON + HOUR / 2
    assert await shop.place(a_wish()) == first
    assert (shop.orders.started, shop.holds.left) == (1, 9)


@pytest.mark.parametrize("later", ["sold out", "closed"])
async def test_a_repeated_wish_is_answered_when_new_ones_are_refused(shop, later):
    """What was accepted stays accepted, whatever became of the sale or of the order's hold."""
    first = await shop.place(a_wish())
    if later == "closed":
        shop.now = NOON + 2 * HOUR
    else:
        shop.holds.held.clear()
        shop.holds.left = 0
    assert (await shop.place(a_wish())).order_id == first.order_id


@pytest.mark.parametrize("other", [a_wish(quantity=2), a_wish(sku="cup")])
async def test_a_key_belongs_to_one_wish(shop, other):
    """The same key for something else is refused, and the first order stays."""
    shop.sales.known["cup"] = an_item("cup")
    first = await shop.place(a_wish())
    with pytest.raises(IdempotencyKeyReused):
        await shop.place(other)
    assert shop.orders.orders == {first.order_id: first}


async def test_keys_of_other_customers_are_other_orders(shop):
    """The customer is part of the order's identity."""
    first, second = await shop.place(a_wish()), await shop.place(a_wish(customer_id="bob"))
    assert first.order_id != second.order_id


@pytest.mark.parametrize("hours", [-2, 1, 2])
async def test_a_sale_that_is_not_open_sells_nothing(shop, hours):
    """Neither before it opens nor from the moment it closes."""
    shop.now = NOON + hours * HOUR
    with pytest.raises(SaleNotOpen):
        await shop.place(a_wish())
    assert shop.holds.held == {}


async def test_what_is_not_sold_is_refused(shop):
    """Unknown sales and unknown items are told apart."""
    with pytest.raises(ItemUnknown):
        await shop.place(a_wish(sku="hat"))
    with pytest.raises(SaleUnknown):
        await shop.place(replace(a_wish(), sale_id="other"))


async def test_without_a_hold_there_is_no_order(shop):
    """Sold out, and an inventory that does not answer, leave nothing behind."""
    shop.holds.left = 0
    with pytest.raises(SoldOut):
        await shop.place(a_wish())
    shop.holds.away = True
    with pytest.raises(Unavailable):
        await shop.place(a_wish())
    assert shop.orders.orders == {}
