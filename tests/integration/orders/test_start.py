"""Orders that is started while Kafka is away. It is a server of this file alone."""

import pytest
from aiohttp.test_utils import TestClient, TestServer

from contract.messaging.own_kafka import GRACE_SECONDS, Kafka
from integration.orders.shop import FAR_MS, FakeInventory, a_world
from seawall.messaging import open_broker
from seawall.sql import open_database, upgrade
from seawall.testing import until
from services.orders.adapters.sales_sql import SqlSales
from services.orders.app import MIGRATIONS, build
from services.orders.domain import SaleItem
from services.orders.settings import OrdersSettings


@pytest.fixture
async def kafka(tmp_path):
    server = Kafka(tmp_path)
    try:
        yield server
    finally:
        await server.stop()


@pytest.fixture
async def database_with_a_sale(database_url):
    """As an earlier process of the service left it."""
    await upgrade(database_url, MIGRATIONS)
    async with open_database(database_url) as database:
        await SqlSales(database).add([SaleItem("open", "mug", 1250, "EUR", 0, FAR_MS)])
    return database_url


async def test_orders_are_accepted_before_kafka_is_there(kafka, database_with_a_sale):
    """The process names what is missing, and accepts; when Kafka comes the orders are confirmed."""
    async with FakeInventory().serving() as port:
        settings = OrdersSettings(
            database_url=database_with_a_sale, broker_url=kafka.url, inventory_target=f"127.0.0.1:{port}"
        )
        async with TestClient(TestServer(build(settings))) as client:
            assert await reasons(client) == {"broker"}
            headers = {"x-customer-id": "ann", "Idempotency-Key": "key"}
            body = {"sku": "mug", "quantity": 1}
            answer = await client.post("/v1/sales/open/orders", json=body, headers=headers)
            assert answer.status == 202
            await kafka.start()
            async with open_broker(kafka.url, client="test") as broker, a_world(broker):

                async def confirmed():
                    order = await client.get(answer.headers["Location"], headers=headers)
                    return (await order.json())["state"] == "confirmed"

                await until(confirmed, GRACE_SECONDS)
            assert await reasons(client) == set()


async def reasons(client):
    """What the process misses."""
    return set((await (await client.get("/readyz")).json())["reasons"])
