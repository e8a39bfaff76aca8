"""The reference's three services in processes of their own, on real PostgreSQL and the simulated provider."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import text

from real_servers import postgres_url
from seawall.sql import open_database
from services.psp_simulator import app as psp_simulator
from services.psp_simulator.behaviour import Behaviour
from services.psp_simulator.charges import Charge
from services.psp_simulator.http_api import CHARGES, DIRECTOR
from services.psp_simulator.settings import Settings
from tools.bench.processes import kept_running
from tools.bench.reference.stack import WORKERS, service_units
from tools.devstack.ports import LOOPBACK, choose_ports
from tools.devstack.psql import create_database, drop_database

__all__ = ["postgres_url"]


@dataclass
class Reference:
    """The reference, its databases, and the provider's application."""

    orders: aiohttp.ClientSession
    inventory: aiohttp.ClientSession
    databases: dict[str, str]
    provider: web.Application

    async def open_sale(self, sale_id: str, *, stock: int, cap: int = 10) -> None:
        """Puts a mug on sale for 5.00."""
        item = {"sku": "mug", "stock": stock, "price_minor": 500, "per_customer_cap": cap}
        async with self.inventory.put(f"/sales/{sale_id}/items", json=[item], raise_for_status=True):
            pass

    async def buy(self, sale_id: str, *, quantity=1, customer="ada", key="usual-1", sku="mug"):
        """The status and the body of one purchase."""
        headers = {"authorization": f"Bearer {customer}", "idempotency-key": key}
        body = {"sku": sku, "quantity": quantity}
        async with self.orders.post(f"/v1/sales/{sale_id}/orders", json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def rows(self, service: str, query: str, **parameters) -> list[tuple]:
        """What the service's database holds."""
        async with open_database(self.databases[service]) as database, database.connection() as connection:
            return [tuple(row) for row in await connection.execute(text(query), parameters)]

    def charges(self, order_id: str) -> list[Charge]:
        """What the provider has under the order's number."""
        every = self.provider[CHARGES].page(0, 5000)
        return [charge for charge in every if charge.reference == order_id]

    def provider_behaves(self, behaviour: Behaviour) -> None:
        """From now on."""
        self.provider[DIRECTOR].direct(behaviour)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reference(postgres_url, tmp_path_factory) -> AsyncIterator[Reference]:
    """Up for a whole module: sales are kept apart by their ids."""
    prefix = f"t{secrets.token_hex(6)}"
    databases = {name: create_database(postgres_url, f"{prefix}_{name}", "secret") for name in WORKERS}
    folder = tmp_path_factory.mktemp("reference")
    ports = choose_ports(WORKERS, folder, fixed={})
    provider = psp_simulator.build(Settings(drain_seconds=0))
    try:
        async with TestServer(provider) as provider_server:
            url = f"http://{LOOPBACK}:{provider_server.port}"
            async with (
                kept_running(service_units(folder, ports, databases=databases, provider_url=url)),
                aiohttp.ClientSession(f"http://{LOOPBACK}:{ports['orders']}") as orders,
                aiohttp.ClientSession(f"http://{LOOPBACK}:{ports['inventory']}") as inventory,
            ):
                yield Reference(orders, inventory, databases, provider)
    finally:
        for name in WORKERS:
            drop_database(postgres_url, f"{prefix}_{name}")
