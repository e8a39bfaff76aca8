"""The HTTP API of orders."""

import asyncio
import json

import grpc
import pytest

from seawall.testing import until
from shop.payments.v1 import payments_pb2

BODY = {"sku": "mug", "quantity": 1}


async def post(client, *, sale="open", customer="ann", key="key", body=None):
    headers = {"x-customer-id": customer, "Idempotency-Key": key}
    return await client.post(f"/v1/sales/{sale}/orders", json=body or BODY, headers=headers)


async def get(client, path, customer="ann"):
    return await client.get(path, headers={"x-customer-id": customer})


async def problem(answer):
    """Status and type of a problem."""
    return answer.status, (await answer.json())["type"].removeprefix("urn:seawall:problem:")


async def test_a_race_of_one_key_makes_one_order(client, world):
    """Fifty requests at once get the same answer; stock is held, and the checkout started, once."""
    world.script.reserve = None
    answers = await asyncio.gather(*(post(client) for _ in range(50)))
    assert {answer.status for answer in answers} == {202}
    assert len({await answer.text() for answer in answers}) == 1
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert len((await (await get(client, "/v1/orders")).json())["items"]) == 1
    await until(lambda: len(world.all_kinds()) == 2)
    assert world.all_kinds() == {"OrderAccepted": 1, "ReserveStock": 1}
    assert world.inventory.left == 9_999


async def test_a_repeated_request_gets_the_same_answer(client, world):
    """Even after the order has ended, and the sale is sold out."""
    first = await post(client)
    path = first.headers["Location"]

    async def confirmed():
        return (await (await get(client, path)).json())["state"] == "confirmed"

    await until(confirmed)
    world.inventory.held.clear()
    world.inventory.left = 0
    again = await post(client)
    assert (again.status, await again.text()) == (202, await first.text())
    assert await problem(await post(client, key="other")) == (409, "sold-out")


async def test_a_key_is_for_one_body(client):
    """Another body, while the key is in use and afterwards, is refused."""
    others = [post(client, body={"sku": "mug", "quantity": quantity}) for quantity in (1, 2, 3)]
    statuses = sorted(answer.status for answer in await asyncio.gather(*others))
    assert statuses == [202, 422, 422]
    refused = await post(client, body={"sku": "cup", "quantity": 1})
    assert await problem(refused) == (422, "idempotency-key-reused")


async def test_concurrent_orders_travel_together(client, world):
    """Their holds go to inventory in few calls."""
    world.inventory.batches.clear()
    answers = await asyncio.gather(*(post(client, key=f"key-{number}") for number in range(60)))
    assert {answer.status for answer in answers} == {202}
    assert sum(world.inventory.batches) == 60
    assert len(world.inventory.batches) < 60


async def test_refusals_are_told_apart(client, world):
    """Each reason has its status and its name."""
    await world.announce("later", opens_at_ms=10**13, closes_at_ms=10**13 + 1)
    await until(lambda: known(client, "later"))
    assert await problem(await post(client, sale="nowhere")) == (404, "sale-unknown")
    assert (await post(client, sale="%00")).status == 400
    assert await problem(await post(client, body={"sku": "hat", "quantity": 1})) == (404, "item-unknown")
    assert await problem(await post(client, sale="later")) == (409, "sale-not-open")
    assert await problem(await post(client, customer="greedy")) == (409, "customer-cap-reached")
    world.inventory.left = 0
    assert await problem(await post(client)) == (409, "sold-out")


async def known(client, sale):
    return (await post(client, sale=sale)).status != 404


@pytest.mark.parametrize(
    "body", [{"sku": "mug", "quantity": 0}, {"sku": "mug", "quantity": 11}, {"sku": "mug"}, {**BODY, "x": 1}]
)
async def test_what_makes_no_sense_is_refused(client, body):
    """The answer names the field."""
    answer = await post(client, body=body)
    assert (answer.status, "field" in await answer.json()) == (422, True)


async def test_a_key_and_a_customer_are_needed(client):
    """Nothing is accepted that could not be repeated safely, or has no owner."""
    path = "/v1/sales/open/orders"
    assert (await client.post(path, json=BODY, headers={"x-customer-id": "ann"})).status == 400
    assert (await client.post(path, json=BODY, headers={"Idempotency-Key": "key"})).status == 401


async def test_without_inventory_a_customer_is_told_to_come_back(client, world):
    """503 with Retry-After; the same key then makes the order."""
    world.inventory.fault = grpc.StatusCode.UNAVAILABLE
    answer = await post(client)
    assert (await problem(answer), answer.headers["Retry-After"]) == ((503, "unavailable"), "1")
    world.inventory.fault = None
    world.inventory.unknown = True
    assert (await post(client)).status == 503
    world.inventory.unknown = False
    assert (await post(client)).status == 202


async def test_orders_are_their_owners_business(client):
    """Others see neither an order nor its states, nor that there is one."""
    path = (await post(client)).headers["Location"]
    assert (await get(client, path)).status == 200
    for other in (path, f"{path}/events", "/v1/orders/nothing"):
        assert await problem(await get(client, other, customer="bob")) == (404, "order-unknown")
    assert (await get(client, "/v1/orders/%00")).status == 400
    assert (await (await get(client, "/v1/orders", customer="bob")).json()) == {"items": []}


async def test_a_list_is_as_long_as_asked_for(client):
    """And never longer than allowed."""
    for number in range(3):
        await post(client, key=f"key-{number}")
    answer = await (await get(client, "/v1/orders?limit=2")).json()
    assert len(answer["items"]) == 2
    assert (await get(client, "/v1/orders?limit=1000")).status == 400


async def states(client, path, seen):
    """Follows an order until its stream ends."""
    async with await get(client, f"{path}/events") as answer:
        assert answer.content_type == "text/event-stream"
        async for line in answer.content:
            if line.startswith(b"data: "):
                seen.append(json.loads(line.removeprefix(b"data: "))["state"])


async def test_a_stream_tells_the_states_and_ends(client, world):
    """The present state at once, then each change, then the end; many may follow one order."""
    world.script.charge = None
    order = await post(client)
    path, order_id = order.headers["Location"], (await order.json())["order_id"]
    streams: list[list[str]] = [[], [], []]
    following = [asyncio.create_task(states(client, path, seen)) for seen in streams]
    await until(lambda: all(seen and seen[-1] == "payment_pending" for seen in streams))
    await world.say("payments.events.v1", payments_pb2.PaymentCharged(order_id=order_id))
    await asyncio.gather(*following)
    for seen in streams:
        assert seen[-2:] == ["payment_pending", "confirmed"]
        assert len(seen) == len(set(seen))
    late: list[str] = []
    await states(client, path, late)
    assert late == ["confirmed"]


async def test_streams_are_bounded(start, world):
    """One too many is told to come back; a stream that is closed makes room."""
    world.script.reserve = None
    async with start(max_watchers=1) as client:
        path = f"{(await post(client)).headers['Location']}/events"
        first = await get(client, path)
        assert first.status == 200
        assert await problem(await get(client, path)) == (503, "unavailable")
        first.close()

        async def admitted():
            answer = await get(client, path)
            answer.close()
            return answer.status == 200

        await until(admitted)


async def test_the_service_says_how_it_is(client):
    """Ready with its stores; the metrics of the shop; a description of the API."""
    await post(client)
    assert (await client.get("/readyz")).status == 200
    metrics = await (await client.get("/metrics")).text()
    assert "shop_orders_accepted_total" in metrics
    assert "seawall_sagas_running" in metrics
    paths = (await (await client.get("/openapi.json")).json())["paths"]
    assert "/v1/sales/{sale_id}/orders" in paths


async def test_above_the_bound_orders_are_turned_away(start):
    """503 with Retry-After for those that find all places taken; the others are accepted."""
    async with start(max_accepting=2) as client:
        answers = await asyncio.gather(*(post(client, key=str(number)) for number in range(40)))
    turned_away = [answer for answer in answers if answer.status == 503]
    assert {answer.status for answer in answers} == {202, 503}
    assert {answer.headers["Retry-After"] for answer in turned_away} == {"1"}
