"""A sale in real stores: PostgreSQL with the services' own tables, Valkey, the simulated provider."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvloop
from aiohttp.test_utils import TestServer
from sqlalchemy import make_url, text

import services.catalog
import services.inventory
import services.orders
import services.payments
from integration.rehearsal.shop import Shop
from seawall.sql import open_database, upgrade
from seawall.valkey import open_valkey
from services.psp_simulator import app as psp_simulator
from services.psp_simulator.settings import Settings
from tools.rehearsal.stores import open_stores

OWNERS = {
    package.__name__.rpartition(".")[2]: Path(package.__path__[0]) / "migrations"
    for package in (services.catalog, services.inventory, services.orders, services.payments)
}


def pytest_asyncio_loop_factories():
    """The rehearsal runs on uvloop, whose transports differ from asyncio's."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def database_urls(postgres_url, unique) -> AsyncIterator[dict[str, str]]:
    """A migrated database for each service that owns one."""
    names = {service: f"{unique}_{service}" for service in OWNERS}
    async with open_database(postgres_url) as server:
        for name in names.values():
            async with server.connection() as connection:
                await connection.execute(text(f'CREATE DATABASE "{name}"'))
        urls = {service: _url(postgres_url, name) for service, name in names.items()}
        for service, url in urls.items():
            await upgrade(url, OWNERS[service])
        yield urls
        for name in names.values():
            async with server.connection() as connection:
                await connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


def _url(server_url: str, database: str) -> str:
    return make_url(server_url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture
async def shop(database_urls, valkey_url, unique) -> AsyncIterator[Shop]:
    """A healthy sale, and the rehearsal's view of it."""
    app = psp_simulator.build(Settings(drain_seconds=0))
    async with (
        TestServer(app) as provider,
        open_valkey(valkey_url) as valkey,
        open_stores(database_urls, valkey_url, str(provider.make_url("/"))) as stores,
    ):
        shop = Shop(f"sale-{unique}", database_urls, valkey, app, stores)
        await shop.open()
        yield shop
        await valkey.delete(shop.counters_key)
