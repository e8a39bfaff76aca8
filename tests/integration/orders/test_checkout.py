"""The checkout over Kafka: every order ends, whatever the others answer."""

import asyncio
import itertools
from contextlib import AsyncExitStack

import pytest

from seawall.testing import until
from shop.inventory.v1 import inventory_pb2
from shop.payments.v1 import payments_pb2

FINAL = {"confirmed", "cancelled"}
_keys = itertools.count()


async def place(client, customer="ann", key=None, **body):
    """Places an order, and returns its view."""
    headers = {"x-customer-id": customer, "Idempotency-Key": key or f"key-{next(_keys)}"}
    body = {"sku": "mug", "quantity": 2} | body
    answer = await client.post("/v1/sales/open/orders", json=body, headers=headers)
    assert answer.status == 202, await answer.text()
    return await answer.json()


async def view(client, order_id, customer="ann"):
    answer = await client.get(f"/v1/orders/{order_id}", headers={"x-customer-id": customer})
    return await answer.json()


async def ended(client, order_id):
    """The view of the order once it is final."""

    async def final():
        now = await view(client, order_id)
        return now if now["state"] in FINAL else None

    return await until(final, timeout_seconds=20)


async def test_an_order_is_confirmed(client, world):
    """Reserved, charged, sold; the customer is charged the price of the units."""
    order = await place(client)
    assert (order["state"], order["amount_minor"], order["currency"]) == ("accepted", 2500, "EUR")
    now = await ended(client, order["order_id"])
    assert (now["state"], now["reason"]) == ("confirmed", None)
    await until(lambda: world.kinds(order["order_id"])["CommitStock"] == 1)
    expected = {
        "OrderAccepted": 1,
        "ReserveStock": 1,
        "ChargePayment": 1,
        "CommitStock": 1,
        "OrderConfirmed": 1,
    }
    assert world.kinds(order["order_id"]) == expected
    charge = next(e for _, e in world.seen if isinstance(e, payments_pb2.ChargePayment))
    assert (charge.amount_minor, charge.currency, charge.customer_id) == (2500, "EUR", "ann")


async def test_correlation_id_and_trace_go_all_the_way(client, world):
    """From the request to the last message, through the replies of others that carry none."""
    headers = {"x-customer-id": "ann", "Idempotency-Key": "traced", "x-request-id": "request-42"}
    trace = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    body = {"sku": "mug", "quantity": 1}
    answer = await client.post("/v1/sales/open/orders", json=body, headers=headers | trace)
    order = await answer.json()
    await ended(client, order["order_id"])
    await until(lambda: len(world.kinds(order["order_id"])) == 5)
    of_order = [m for m in world.messages if m.key == order["order_id"]]
    assert {m.correlation_id for m in of_order} == {"request-42"}
    assert all(m.headers == trace for m in of_order)


@pytest.mark.parametrize("reason", ["sold_out", "customer_cap", "released"])
async def test_an_order_without_stock_is_cancelled(client, world, reason):
    """The ledger decides; nobody is charged."""
    world.script.reserve = lambda c: inventory_pb2.StockRefused(order_id=c.order_id, reason=reason)
    order = await place(client)
    now = await ended(client, order["order_id"])
    assert (now["state"], now["reason"]) == ("cancelled", reason)
    await until(lambda: world.kinds(order["order_id"])["OrderCancelled"] == 1)
    assert "ChargePayment" not in world.kinds(order["order_id"])


async def test_a_declined_order_gives_its_stock_back(client, world):
    """The units go back to the sale."""
    world.script.charge = lambda c: payments_pb2.PaymentDeclined(order_id=c.order_id, reason="declined")
    order = await place(client)
    now = await ended(client, order["order_id"])
    assert (now["state"], now["reason"]) == ("cancelled", "declined")
    await until(lambda: world.kinds(order["order_id"])["ReleaseStock"] == 1)
    assert "CommitStock" not in world.kinds(order["order_id"])


async def test_a_charge_without_an_answer_is_undone(start, world):
    """After its time-out the order is cancelled, voided and released; a late charge changes nothing."""
    world.script.charge = None
    async with start(charge_timeout_seconds=0.5) as client:
        order = await place(client)
        now = await ended(client, order["order_id"])
        assert (now["state"], now["reason"]) == ("cancelled", "charge_timeout")
        await until(lambda: {"VoidPayment", "ReleaseStock"} <= world.kinds(order["order_id"]).keys())
        late = payments_pb2.PaymentCharged(order_id=order["order_id"], charge_id="late")
        await world.say("payments.events.v1", late)
        world.script.charge = lambda c: payments_pb2.PaymentCharged(order_id=c.order_id)
        other = await place(client)
        assert (await ended(client, other["order_id"]))["state"] == "confirmed"
        assert (await view(client, order["order_id"]))["state"] == "cancelled"
        assert "CommitStock" not in world.kinds(order["order_id"])


async def test_a_lost_answer_to_a_void_is_asked_for_again(start, world):
    """The units are released only when it is sure that nobody is charged."""
    world.script.charge = world.script.void = None
    async with start(charge_timeout_seconds=0.5) as client:
        order_id = (await place(client))["order_id"]
        assert (await ended(client, order_id))["reason"] == "charge_timeout"
        await until(lambda: world.kinds(order_id)["VoidPayment"] >= 2)
        assert "ReleaseStock" not in world.kinds(order_id)
        world.script.void = lambda c: payments_pb2.PaymentVoided(order_id=c.order_id)
        await until(lambda: world.kinds(order_id)["ReleaseStock"] == 1)


async def test_the_deadline_of_the_charge_is_before_its_time_out(start, world):
    """Payments stops trying before orders gives up."""
    async with start(charge_timeout_seconds=30) as client:
        order = await place(client)
        await ended(client, order["order_id"])
        charge, message = next(
            (event, message)
            for (_, event), message in zip(world.seen, world.messages, strict=True)
            if isinstance(event, payments_pb2.ChargePayment)
        )
        assert 0 < charge.deadline_ms - message.time_ms < 30_000


async def test_replicas_finish_many_orders_each_once(start, world):
    """150 orders at two replicas, every reply delivered twice: each is charged and confirmed once."""
    world.script.repeat = 2
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(start()) for _ in range(2)]
        orders = await asyncio.gather(*(place(clients[number % 2]) for number in range(150)))
        ids = {order["order_id"] for order in orders}
        assert len(ids) == 150
        await until(lambda: world.all_kinds()["CommitStock"] >= 150, timeout_seconds=30)
        states = [(await view(clients[0], order_id))["state"] for order_id in sorted(ids)]
        assert set(states) == {"confirmed"}
        await until(lambda: world.all_kinds()["OrderConfirmed"] >= 150, timeout_seconds=30)
        names = ("OrderAccepted", "ReserveStock", "ChargePayment", "CommitStock", "OrderConfirmed")
        assert world.all_kinds() == dict.fromkeys(names, 150)


async def test_another_replica_goes_on_with_orders_of_one_that_is_gone(start, world):
    """What was accepted is finished by whoever is there."""
    world.script.reserve = None
    async with start() as client:
        orders = [await place(client) for _ in range(5)]
        await until(lambda: world.all_kinds()["ReserveStock"] == 5)
    async with start() as client:
        for order in orders:
            await world.say("inventory.events.v1", inventory_pb2.StockReserved(order_id=order["order_id"]))
        for order in orders:
            assert (await ended(client, order["order_id"]))["state"] == "confirmed"
