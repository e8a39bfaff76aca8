"""Following orders by looking at all of them at once."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from services.orders.domain import Order, OrderState
from services.orders.entrypoints.order_watch import OrderWatch, TooManyWatchers
from unit.services.orders.fakes import NOON, InMemoryOrders, a_wish, an_item

CONFIRMED = OrderState.CONFIRMED
PENDING = OrderState.PAYMENT_PENDING


@pytest.fixture
def orders():
    return InMemoryOrders()


@pytest.fixture
async def order(orders):
    return await orders.accept(Order.of(a_wish(), an_item(), NOON))


def move(orders, order, state):
    orders.orders[order.order_id] = replace(order, state=state)


async def states(watch, order, seen):
    async with aclosing(watch.follow(order)) as following:
        async for now in following:
            seen.append(now.state)


async def test_the_states_come_in_their_order_and_end(orders, order):
    """The first at once, each once, and nothing after a final one."""
    watch = OrderWatch(orders)
    seen: list[OrderState] = []
    following = asyncio.create_task(states(watch, order, seen))
    await asyncio.sleep(0)
    assert seen == [OrderState.ACCEPTED]
    for state in (PENDING, PENDING, CONFIRMED):
        move(orders, order, state)
        await watch.look()
    await following
    assert seen == [OrderState.ACCEPTED, PENDING, CONFIRMED]


async def test_a_watcher_that_knew_less_is_told(orders, order):
    """Who read the order before a change that others saw still hears of it, and the others once."""
    watch = OrderWatch(orders)
    early: list[OrderState] = []
    late: list[OrderState] = []
    tasks = [asyncio.create_task(states(watch, order, early))]
    await asyncio.sleep(0)
    move(orders, order, PENDING)
    await watch.look()
    tasks.append(asyncio.create_task(states(watch, order, late)))
    await asyncio.sleep(0)
    await watch.look()
    move(orders, order, CONFIRMED)
    await watch.look()
    await asyncio.gather(*tasks)
    assert early == late == [OrderState.ACCEPTED, PENDING, CONFIRMED]


async def test_a_final_order_has_one_state(orders, order):
    """There is nothing to wait for."""
    seen: list[OrderState] = []
    await states(OrderWatch(orders), replace(order, state=CONFIRMED), seen)
    assert seen == [CONFIRMED]


async def test_watchers_are_bounded_and_leave_room_when_they_go(orders, order):
    """One too many is refused; a watcher that leaves makes room."""
    watch = OrderWatch(orders, max_watchers=1)
    following = asyncio.create_task(states(watch, order, []))
    await asyncio.sleep(0)
    with pytest.raises(TooManyWatchers):
        watch.admit()
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    watch.admit()
