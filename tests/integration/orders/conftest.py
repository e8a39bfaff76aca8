"""Orders on a real PostgreSQL and a real Kafka; the other services are played."""

from contextlib import asynccontextmanager

import pytest
from aiohttp.test_utils import TestClient, TestServer

from integration.inventory.namespaced import namespaced
from integration.orders.shop import a_world
from seawall.testing import until
from services.orders.app import build
from services.orders.settings import OrdersSettings


@pytest.fixture
def open_corner(unique):
    return namespaced(unique)


@pytest.fixture
async def world_and_port(open_corner, kafka_url):
    async with open_corner(kafka_url, client="test") as broker, a_world(broker) as world_and_port:
        yield world_and_port


@pytest.fixture
def world(world_and_port):
    return world_and_port[0]


@pytest.fixture
def start(database_url, kafka_url, open_corner, world_and_port):
    """Starts a replica, and waits until it knows the sale that is open."""
    world, port = world_and_port

    @asynccontextmanager
    async def started(**options):
        settings = OrdersSettings(
            database_url=database_url,
            broker_url=kafka_url,
            inventory_target=f"127.0.0.1:{port}",
            **options,
        )
        async with TestClient(TestServer(build(settings, open_corner))) as client:
            await world.announce("open")

            async def knows_the_sale():
                headers = {"x-customer-id": "probe", "Idempotency-Key": "probe"}
                body = {"sku": "hat", "quantity": 1}
                answer = await client.post("/v1/sales/open/orders", json=body, headers=headers)
                return "item-unknown" in await answer.text()

            await until(knows_the_sale)
            yield client

    return started


@pytest.fixture
async def client(start):
    async with start() as client:
        yield client
