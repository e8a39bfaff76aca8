"""The reference keeps the promises that a synchronous chain can keep: else it would be no fair one."""

import asyncio

import pytest

from services.psp_simulator.behaviour import Behaviour, Constant

pytestmark = pytest.mark.asyncio(loop_scope="module")

FAST = Behaviour(latency=Constant(ms=1))


@pytest.fixture(autouse=True)
def fast_provider(reference):
    """The provider answers at once, unless a test asks for something else."""
    reference.provider_behaves(FAST)


async def units_left(reference, sale_id):
    ((left,),) = await reference.rows(
        "inventory", "SELECT available FROM stock WHERE sale_id = :sale_id", sale_id=sale_id
    )
    return left


async def test_a_purchase_is_confirmed_when_it_is_answered(reference):
    """Units are taken, the provider has charged once, and the row says so."""
    await reference.open_sale("usual", stock=5)
    status, order = await reference.buy("usual", quantity=2)
    assert (status, order["state"]) == (201, "confirmed")
    assert await units_left(reference, "usual") == 3
    assert [charge.amount_minor for charge in reference.charges(order["order_id"])] == [1000]
    found = await reference.rows(
        "orders", "SELECT state, amount_minor FROM orders WHERE sale_id = :sale_id", sale_id="usual"
    )
    assert found == [("confirmed", 1000)]


async def test_a_repeated_key_gets_the_same_order(reference):
    """200, and nobody is charged again; for something else the key is refused."""
    await reference.open_sale("repeated", stock=5)
    _, first = await reference.buy("repeated", key="repeated-1")
    assert await reference.buy("repeated", key="repeated-1") == (200, first)
    status, _ = await reference.buy("repeated", quantity=2, key="repeated-1")
    assert status == 422
    assert await units_left(reference, "repeated") == 4
    assert len(reference.charges(first["order_id"])) == 1


async def test_buyers_at_once_never_get_more_than_the_stock(reference):
    """The row's lock lets them pass one by one."""
    await reference.open_sale("hot", stock=7)
    answers = await asyncio.gather(
        *(reference.buy("hot", customer=f"c{number}", key=f"hot-{number}") for number in range(20))
    )
    assert sorted(status for status, _ in answers) == [201] * 7 + [409] * 13
    assert await units_left(reference, "hot") == 0


async def test_a_customer_gets_no_more_than_the_cap(reference):
    """However many orders that takes."""
    await reference.open_sale("capped", stock=100, cap=3)
    answers = await asyncio.gather(*(reference.buy("capped", key=f"capped-{n}") for n in range(5)))
    assert sorted(status for status, _ in answers) == [201] * 3 + [409] * 2


async def test_a_declined_payment_puts_the_units_back(reference):
    """402, and the order is cancelled."""
    await reference.open_sale("declined", stock=5)
    reference.provider_behaves(Behaviour(latency=Constant(ms=1), decline_rate=1.0))
    status, _ = await reference.buy("declined", key="declined-1")
    assert status == 402
    assert await units_left(reference, "declined") == 5
    states = await reference.rows(
        "orders", "SELECT state FROM orders WHERE sale_id = :sale_id", sale_id="declined"
    )
    assert states == [("cancelled",)]


async def test_a_failing_provider_puts_the_units_back(reference):
    """502: the customer may try again with another key."""
    await reference.open_sale("failing", stock=5)
    reference.provider_behaves(Behaviour(latency=Constant(ms=1), error_rate=1.0))
    status, _ = await reference.buy("failing", key="failing-1")
    assert status == 502
    assert await units_left(reference, "failing") == 5


async def test_an_item_that_is_not_on_sale_is_unknown(reference):
    """404."""
    status, _ = await reference.buy("no-such-sale", key="unknown-1")
    assert status == 404
