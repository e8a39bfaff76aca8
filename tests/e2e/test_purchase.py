"""A purchase through the whole shop."""

import asyncio
import json
import re
import uuid
from pathlib import Path

import pytest

from e2e.shopping import SALE, Customer
from seawall.sql import open_database
from seawall.testing import until


async def test_an_order_goes_all_the_way_through(customer):
    """Signed up, bought, followed by events until confirmed."""
    placed = await customer.buy(SALE, await customer.sku_on_sale())
    assert placed.order["state"] == "accepted"
    states = await customer.follow(placed.order["order_id"])
    assert states[-1] == "confirmed"
    assert (await customer.get(f"/v1/orders/{placed.order['order_id']}"))["state"] == "confirmed"


async def test_stock_goes_down_by_what_was_bought(customer):
    """And by nothing else, once the order is confirmed."""
    sku = await customer.sku_on_sale()
    before = await available(customer, sku)
    placed = await customer.buy(SALE, sku, quantity=2)
    assert (await customer.follow(placed.order["order_id"]))[-1] == "confirmed"
    assert await available(customer, sku) == before - 2


async def test_another_customers_order_is_not_shown(stack, http, customer):
    """It is as if it did not exist."""
    placed = await customer.buy(SALE, await customer.sku_on_sale())
    other = await Customer.sign_up(http, stack.gateway_url)
    url = f"{stack.gateway_url}/v1/orders/{placed.order['order_id']}"
    async with http.get(url, headers=other._headers) as response:
        assert response.status == 404


async def test_the_demo_customer_and_the_operator_can_sign_in(stack, http):
    """The credentials that `up` prints are good."""
    for email, password in (
        (stack.customer_email, stack.customer_password),
        (stack.operator_email, stack.operator_password),
    ):
        await Customer.sign_in(http, stack.gateway_url, email, password)


async def test_one_correlation_id_leads_from_the_edge_to_the_last_consumer(stack, customer):
    """The id that the caller got is in the log of every process that had a part in his order.

    The last one is inventory, which hears of it twice: reserve the stock, and count it as sold.
    """
    placed = await customer.buy(SALE, await customer.sku_on_sale())
    assert (await customer.follow(placed.order["order_id"]))[-1] == "confirmed"

    def has_reached_everybody() -> bool:
        lines = list(lines_with(stack, placed.correlation_id))
        consumed = [line["service"] for line in lines if line["message"] == "batch handled"]
        return (
            {line["service"] for line in lines} >= {"gateway", "orders", "inventory", "payments"}
            and consumed.count("inventory") >= 2
            and {"orders", "payments"} <= set(consumed)
        )

    await until(has_reached_everybody)


@pytest.mark.parametrize("given", [True, False])
async def test_one_trace_leads_from_the_edge_to_the_last_consumer(stack, customer, given):
    """Through HTTP, gRPC and Kafka, whether the caller began the trace or the shop did."""
    sku = await customer.sku_on_sale()
    traceparent = f"00-{uuid.uuid4().hex}-00f067aa0ba902b7-00" if given else None
    placed = await customer.buy(SALE, sku, traceparent=traceparent)
    assert (await customer.follow(placed.order["order_id"]))[-1] == "confirmed"
    if traceparent is not None:
        assert placed.trace_id == traceparent[3:35]

    def services_in_the_trace() -> set[str]:
        return {line["service"] for line in lines_with(stack, placed.trace_id)}

    everybody = {"gateway", "orders", "inventory", "payments"}
    await until(lambda: services_in_the_trace() >= everybody)


async def test_the_spans_of_a_sampled_purchase_are_one_tree(collector, customer):
    """The way of an order: each step is a child of the request, or of what the request called."""
    traceparent = f"00-{uuid.uuid4().hex}-00f067aa0ba902b7-01"
    sku = await customer.sku_on_sale()
    placed = await customer.buy(SALE, sku, traceparent=traceparent)
    assert (await customer.follow(placed.order["order_id"]))[-1] == "confirmed"

    def spans():
        return collector.spans_of(traceparent[3:35])

    expected = {
        ("orders", "POST /v1/sales/{sale_id}/orders"),
        ("orders", "hold"),
        ("orders", "accept"),
        ("orders", "publish inventory.commands.v1"),
        ("inventory", "process inventory.commands.v1"),
        ("inventory", "publish inventory.events.v1"),
        ("orders", "process inventory.events.v1"),
        ("payments", "process payments.commands.v1"),
        ("payments", "provider charge"),
        ("psp_simulator", "POST /v1/charges"),
        ("orders", "process payments.events.v1"),
    }
    await until(lambda: {(span.service, span.name) for span in spans()} >= expected)
    known = {span.span_id for span in spans()} | {traceparent[36:52]}
    assert {span.parent_id for span in spans()} <= known


async def test_what_nobody_samples_makes_no_span(collector, customer):
    """The trace is in the logs, and that is all."""
    placed = await customer.buy(SALE, await customer.sku_on_sale())
    assert (await customer.follow(placed.order["order_id"]))[-1] == "confirmed"
    assert collector.spans_of(placed.trace_id) == []


@pytest.mark.parametrize("owner", ["accounts", "catalog", "inventory", "orders", "payments"])
async def test_no_service_can_connect_to_anothers_database(stack, owner):
    """Its role and password open its own database only; nobody's password is guessable from another's."""
    async with open_database(stack.databases[owner]) as own:
        await own.ping()
    for other in set(stack.databases) - {owner}:
        trespass = re.sub(r"/[a-z]+$", f"/{other}", stack.databases[owner])
        with pytest.raises(Exception, match="permission denied for database"):
            async with open_database(trespass) as database:
                await database.ping()


async def test_a_wrong_password_is_refused(stack):
    """Loopback is not trusted."""
    wrong = re.sub(r":[^:@]+@", f":{uuid.uuid4().hex}@", stack.databases["orders"])
    with pytest.raises(Exception, match="password authentication failed"):
        async with open_database(wrong) as database:
            await database.ping()


async def test_pages_are_served_through_the_gateway(stack, http):
    """A person with a browser sees the sales."""
    async with http.get(stack.gateway_url) as response:
        assert response.status == 200
        assert response.content_type == "text/html"


@pytest.mark.parametrize("kind", ["api", "page"])
async def test_who_has_an_answer_is_told_so_through_the_gateway(stack, http, kind):
    """The tag arrives, comes back to its service, and saves the body; another tag does not."""
    url = (
        f"{stack.gateway_url}/v1/sales" if kind == "api" else f"{stack.gateway_url}{await style(http, stack)}"
    )
    async with http.get(url) as first:
        tag, body = first.headers["ETag"], await first.read()
    async with http.get(url, headers={"If-None-Match": tag}) as again:
        assert (again.status, again.headers["ETag"], await again.read()) == (304, tag, b"")
    async with http.get(url, headers={"If-None-Match": '"another"'}) as other:
        assert (other.status, await other.read()) == (200, body)


async def style(http, stack):
    """The path of the style sheet."""
    async with http.get(f"{stack.gateway_url}/") as page:
        return (await page.text()).split('rel="stylesheet" href="')[1].split('"')[0]


async def test_concurrent_customers_share_the_last_items_without_overselling(stack, http):
    """As many orders are confirmed as there are items; the others are refused or cancelled."""
    shop = [await Customer.sign_up(http, stack.gateway_url) for _ in range(4)]
    items = (await shop[0].get("/v1/sales/last-chance/stock"))["items"]
    item = min(items, key=lambda item: item["stock"])
    assert item["stock"] == 1

    async def attempt(who):
        try:
            placed = await who.buy("last-chance", item["sku"])
        except AssertionError:
            return "refused"
        return (await who.follow(placed.order["order_id"]))[-1]

    results = await asyncio.gather(*(attempt(who) for who in shop))
    assert results.count("confirmed") == 1


async def available(customer, sku):
    items = (await customer.get(f"/v1/sales/{SALE}/stock"))["items"]
    return next(item["available"] for item in items if item["sku"] == sku)


def lines_with(stack, correlation_id):
    for log in Path(stack.logs).glob("*.log"):
        for line in log.read_text().splitlines():
            if correlation_id in line:
                yield json.loads(line)
