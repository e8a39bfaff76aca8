"""The whole service: messages over Kafka, holds over gRPC, stock over HTTP."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import pytest
from aiohttp.test_utils import TestClient, TestServer

from seawall.rpc import connect
from seawall.telemetry import bind_correlation_id
from seawall.testing import free_port, until
from services.inventory.app import build
from services.inventory.settings import InventorySettings
from shop.inventory.v1 import inventory_pb2, inventory_pb2_grpc


@pytest.fixture
def start(database_url, valkey_url, kafka_url, open_corner):
    """Starts a replica: its HTTP client, and a stub for its gRPC."""

    @asynccontextmanager
    async def started(**options):
        settings = InventorySettings(
            database_url=database_url,
            broker_url=kafka_url,
            grpc_port=free_port(),
            **{"valkey_url": valkey_url, **options},
        )
        async with (
            TestClient(TestServer(build(settings, open_corner))) as client,
            connect(f"127.0.0.1:{settings.grpc_port}") as channel,
        ):
            yield client, inventory_pb2_grpc.InventoryStub(channel)

    return started


async def stock_of(client, shop):
    """The items on show; None if there is no such sale (yet)."""
    response = await client.get(f"/v1/sales/{shop.sale_id}/stock")
    return (await response.json())["items"] if response.status == 200 else None


async def test_an_order_is_held_reserved_and_sold(shop, start):
    """From the announcement of the sale to the sold unit; each step is visible and answered."""
    async with start() as (client, stub):
        assert (await client.get(f"/v1/sales/{shop.sale_id}/stock")).status == 404
        assert (await client.get("/v1/sales/%00/stock")).status == 400
        await shop.schedule(stock=5)
        assert await until(lambda: stock_of(client, shop)) == [{"sku": "mug", "available": 5, "stock": 5}]
        assert await shop.hold(stub, "o1", "o2") == ["o1", "o2"]
        assert (await stock_of(client, shop))[0]["available"] == 3
        with bind_correlation_id("request-1"):
            await shop.send(shop.reserve("o1"), inventory_pb2.CommitStock(order_id="o1"))
        await shop.send(shop.release("o2"), shop.reserve("o2"))
        await until(lambda: len(shop.events) >= 4)
        assert shop.answers(inventory_pb2.StockReserved) == ["o1"]
        assert shop.answers(inventory_pb2.StockCommitted) == ["o1"]
        assert shop.answers(inventory_pb2.StockReleased) == ["o2"]
        assert shop.answers(inventory_pb2.StockRefused) == ["o2"]
        assert shop.correlation_ids["o1"] == "request-1"
        assert (await stock_of(client, shop))[0]["available"] == 4
        assert (await client.get("/readyz")).status == 200


async def test_replicas_share_a_sale_and_sell_what_there_is(shop, start):
    """Two replicas, 300 orders for 40 units: as many are reserved, all are answered once."""
    async with AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(start()) for _ in range(2)]
        await shop.schedule(stock=40)
        for client, _ in replicas:
            await until(partial(stock_of, client, shop))
        orders = [f"o{number}" for number in range(300)]
        batches = [orders[first : first + 15] for first in range(0, 300, 15)]
        held = await asyncio.gather(
            *(shop.hold(replicas[i % 2][1], *batch) for i, batch in enumerate(batches))
        )
        assert sum(map(len, held)) == 40
        # Those without a hold try as well: the ledger decides by itself.
        await asyncio.gather(*(shop.send(*map(shop.reserve, batch)) for batch in batches))
        await until(lambda: len(shop.events) >= 300, timeout_seconds=30)
        reserved = shop.answers(inventory_pb2.StockReserved)
        assert len(reserved) == len(set(reserved)) == 40
        assert len(shop.answers(inventory_pb2.StockRefused)) == 260
        await until(lambda: shop_is_empty(replicas, shop))


async def test_it_starts_without_valkey(shop, start):
    """The ledger decides who gets units; nothing else is missing."""
    async with start(valkey_url=f"redis://127.0.0.1:{free_port()}/0") as (client, stub):
        assert (await client.get("/readyz")).status == 200
        await shop.schedule(stock=1)
        await until(partial(holds_one, shop, stub))
        await shop.send(shop.reserve("o1"))
        await until(lambda: shop.answers(inventory_pb2.StockReserved) == ["o1"])
        await shop.send(shop.reserve("o2"))
        await until(lambda: shop.answers(inventory_pb2.StockRefused) == ["o2"])


async def holds_one(shop, stub):
    return await shop.hold(stub, "o1") == ["o1"]


async def shop_is_empty(replicas, shop):
    return all([(await stock_of(client, shop))[0]["available"] == 0 for client, _ in replicas])


async def test_a_repeated_message_is_answered_once(shop, start):
    """The broker may deliver twice."""
    async with start() as (client, _):
        await shop.schedule(stock=5)
        await until(lambda: stock_of(client, shop))
        for _ in range(3):
            await shop.send(shop.reserve("o1"))
        await shop.send(shop.reserve("o2"))
        await until(lambda: "o2" in shop.answers(inventory_pb2.StockReserved))
        assert shop.answers(inventory_pb2.StockReserved).count("o1") == 1
        assert (await stock_of(client, shop))[0]["available"] == 3


async def test_what_cannot_be_read_does_not_stop_the_rest(shop, start):
    """A message of an unknown kind, or an order for nothing, goes to the dead-letter topic."""
    async with start() as (client, _):
        await shop.schedule(stock=5)
        await until(lambda: stock_of(client, shop))
        await shop.send(inventory_pb2.StockReserved(order_id="o1"), shop.reserve("o1", 0))
        await shop.send(shop.reserve("o2"), inventory_pb2.CommitStock(order_id="o3"))
        await until(lambda: shop.answers(inventory_pb2.StockReserved) == ["o2"])


async def test_incomplete_holds_are_refused(shop, start):
    """A hold of nothing is the caller's mistake."""
    async with start() as (_, stub):
        wish = inventory_pb2.HoldRequest(**shop.units("o1", 0))
        with pytest.raises(Exception, match="INVALID_ARGUMENT"):
            await stub.HoldMany(inventory_pb2.HoldManyRequest(holds=[wish]))
