"""A catalogue on a real PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from seawall.messaging import Outbox
from seawall.sql import Database, open_database, upgrade
from services.catalog.adapters.catalogue_sql import CatalogueSql
from services.catalog.app import MIGRATIONS


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with the catalog's tables."""
    await upgrade(database_url, MIGRATIONS)
    async with open_database(database_url, pool_size=10) as database:
        yield database


@pytest.fixture
def catalogue(database: Database) -> CatalogueSql:
    """The adapter."""
    return CatalogueSql(database, Outbox())
