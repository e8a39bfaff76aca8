"""Inventory on a real PostgreSQL and a real Valkey."""

from collections.abc import AsyncIterator

import pytest

from integration.inventory.counterparts import Shop, a_shop
from integration.inventory.namespaced import namespaced
from integration.inventory.replica import Replica, replica
from seawall.sql import upgrade
from services.inventory.app import MIGRATIONS


@pytest.fixture
async def migrated_url(database_url: str) -> str:
    """A database with inventory's tables."""
    await upgrade(database_url, MIGRATIONS)
    return database_url


@pytest.fixture
async def one(migrated_url: str, valkey_url: str) -> AsyncIterator[Replica]:
    """A replica."""
    async with replica(migrated_url, valkey_url) as made:
        yield made


@pytest.fixture
async def other(migrated_url: str, valkey_url: str) -> AsyncIterator[Replica]:
    """Another replica, on the same stores."""
    async with replica(migrated_url, valkey_url) as made:
        yield made


@pytest.fixture
def open_corner(unique: str):
    """Opens the broker, in a corner of its own."""
    return namespaced(unique)


@pytest.fixture
async def shop(open_corner, kafka_url: str, unique: str) -> AsyncIterator[Shop]:
    """Catalog and orders."""
    async with open_corner(kafka_url, client="test") as broker, a_shop(broker, f"sale-{unique}") as shop:
        yield shop
