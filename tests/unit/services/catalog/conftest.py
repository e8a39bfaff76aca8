"""The catalog's HTTP API on a catalogue in memory."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from seawall.settings import ServiceSettings
from seawall.web import web_service
from services.catalog.entrypoints.http_api import CATALOGUE, PROBLEMS, READS, routes
from services.catalog.entrypoints.read_cache import open_reads
from services.catalog.seed import seed_products, seed_sales
from unit.services.catalog.fake_catalogue import FakeCatalogue

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.fixture
def catalogue() -> FakeCatalogue:
    products = seed_products()
    return FakeCatalogue(products, seed_sales(products, NOW))


@pytest.fixture
async def client(catalogue: FakeCatalogue) -> AsyncIterator[TestClient[Any, Any]]:
    app = web_service(ServiceSettings(), name="catalog", routes=routes, problems=PROBLEMS)
    app[CATALOGUE] = catalogue
    async with open_reads(None, "catalog") as app[READS], TestClient(TestServer(app)) as client:
        yield client
