"""The whole service on PostgreSQL and Kafka."""

import asyncio
import itertools
from contextlib import AsyncExitStack

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import text

from seawall.messaging import Message, decode, open_broker
from seawall.sql import open_database
from seawall.testing import until
from services.catalog.app import build
from services.catalog.settings import CatalogSettings
from shop.catalog.v1 import catalog_pb2

END_THE_OTHERS = text("""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
""")
OPERATOR = {"x-customer-id": "boss", "x-customer-role": "operator", "x-request-id": "flash-sale-request"}


@pytest.fixture
def settings(database_url, kafka_url):
    return CatalogSettings(database_url=database_url, broker_url=kafka_url, seed=True)


def sale(sale_id):
    return {
        "sale_id": sale_id,
        "title": "Flash",
        "opens_at": "2026-12-01T12:00:00Z",
        "closes_at": "2026-12-01T13:00:00Z",
        "items": [{"sku": "GLY-MUG-CHK", "stock": 5, "price_minor": 900, "per_customer_cap": 2}],
    }


async def test_a_scheduled_sale_reaches_kafka(settings, kafka_url, unique):
    """An operator's sale is on catalog.events.v1 once, keyed by its id, with the request's correlation id."""
    found: list[Message] = []

    async def collect(messages):
        found.extend(message for message in messages if message.key == unique)

    async with (
        TestClient(TestServer(build(settings))) as client,
        open_broker(kafka_url, client=unique) as broker,
    ):
        listening = asyncio.create_task(broker.subscriber(["catalog.events.v1"], unique).run(collect))
        for status in (201, 200):
            response = await client.post("/v1/sales", json=sale(unique), headers=OPERATOR)
            assert response.status == status
        await until(lambda: len(found) > 0, timeout_seconds=30)
        await asyncio.sleep(0.2)
        listening.cancel()
    event = decode(found[0], catalog_pb2.SaleScheduled)
    assert len(found) == 1
    assert (event.sale_id, event.items[0].stock) == (unique, 5)
    assert found[0].correlation_id == "flash-sale-request"


async def test_replicas_start_together(settings):
    """Three replicas on an empty database migrate and fill it once; each answers and is ready."""
    async with AsyncExitStack() as stack:
        clients = [TestClient(TestServer(build(settings))) for _ in range(3)]
        await asyncio.gather(*(stack.enter_async_context(client) for client in clients))
        for client in clients:
            assert (await client.get("/readyz")).status == 200
            page = await (await client.get("/v1/products?limit=100")).json()
            assert len(page["items"]) == 100
            sales = (await (await client.get("/v1/sales")).json())["items"]
            assert len(sales) == 3


async def test_a_store_that_is_away_is_a_503(settings, database_url):
    """Its connections end, as at a restart: who reads just then is told to come back, and then served."""
    async with (
        TestClient(TestServer(build(settings))) as client,
        open_database(database_url) as database,
        database.connection() as connection,
    ):
        fresh = itertools.count(1)  # what was answered once is answered from the cache

        async def told_to_come_back():
            await connection.execute(END_THE_OTHERS)
            answer = await client.get(f"/v1/products?limit={next(fresh)}")
            return (answer.status, answer.headers.get("Retry-After")) == (503, "1")

        await until(told_to_come_back)  # a job of the service may be the first to notice

        async def served():
            return (await client.get("/v1/products?limit=7")).status == 200

        await until(served)


async def test_a_sale_scheduled_through_one_replica_shows_through_the_other(settings, valkey_url, unique):
    """At once, though both had kept their answers for a minute."""
    shared = settings.model_copy(update={"valkey_url": valkey_url, "cache_prefix": unique})
    async with (
        TestClient(TestServer(build(shared))) as one,
        TestClient(TestServer(build(shared))) as other,
    ):
        for _ in range(3):
            assert (await other.get(f"/v1/sales/{unique}")).status == 404
            assert unique not in await (await other.get("/v1/sales")).text()
        assert (await one.post("/v1/sales", json=sale(unique), headers=OPERATOR)).status == 201

        async def shows():
            listed = unique in await (await other.get("/v1/sales")).text()
            return listed and (await other.get(f"/v1/sales/{unique}")).status == 200

        await until(shows, timeout_seconds=3.0)


async def test_what_was_read_is_served_while_the_database_is_away(settings, database_url, valkey_url, unique):
    """By a replica that never read it itself, too."""
    shared = settings.model_copy(update={"valkey_url": valkey_url, "cache_prefix": unique})
    async with (
        TestClient(TestServer(build(shared))) as one,
        TestClient(TestServer(build(shared))) as other,
        open_database(database_url) as database,
        database.connection() as connection,
    ):
        assert (await one.get("/v1/products?limit=9")).status == 200
        await connection.execute(END_THE_OTHERS)
        assert (await other.get("/v1/products?limit=9")).status == 200
