"""Payments on a real PostgreSQL, with the real simulated provider."""

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer

from integration.payments.harness import FAST, Payments, Provider
from seawall.sql import open_database, upgrade
from services.payments.app import MIGRATIONS
from services.psp_simulator import app as psp_simulator
from services.psp_simulator.settings import Settings


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    """The simulated provider, answering at once until told otherwise."""
    app = psp_simulator.build(Settings(drain_seconds=0))
    async with TestServer(app) as server:
        provider = Provider(app, str(server.make_url("/")))
        provider.behave(**FAST)
        yield provider


@pytest.fixture
async def migrated_url(database_url):
    """A database with payments' tables."""
    await upgrade(database_url, MIGRATIONS)
    return database_url


@pytest.fixture
async def payments(migrated_url, provider) -> AsyncIterator[Payments]:
    """A replica of payments without Kafka: commands are handed in, events are collected."""
    async with open_database(migrated_url) as database:
        yield Payments(database, provider.url)
