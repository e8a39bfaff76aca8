"""One contract suite for all second levels."""

from contextlib import asynccontextmanager

import pytest

from contract.cache.own_servers import memcached, ready_memcached
from seawall.cache import InMemoryStore
from seawall.cache.memcached_store import open_memcached_store
from seawall.cache.valkey_store import open_valkey_store


@pytest.fixture(scope="session")
def memcached_server():
    with memcached() as server:
        yield server


@pytest.fixture(params=["memory", "valkey", "memcached"])
def kind(request):
    """Each adapter in turn; its server is started by the first test that needs it."""
    return request.param


@pytest.fixture
async def open_store(kind, request, unique):
    """Opens the store as another process would: with connections of its own, on the same data."""
    memory = InMemoryStore()

    @asynccontextmanager
    async def opened():
        if kind == "memory":
            yield memory
        elif kind == "valkey":
            async with open_valkey_store(request.getfixturevalue("valkey_url"), unique) as store:
                yield store
        else:
            server = await ready_memcached(request.getfixturevalue("memcached_server"))
            async with open_memcached_store(server.address, unique, timeout_seconds=1.0) as store:
                yield store

    return opened


@pytest.fixture
async def store(open_store):
    async with open_store() as store:
        yield store


@pytest.fixture
async def other(open_store):
    """The same store, from another process's side."""
    async with open_store() as store:
        yield store


@pytest.fixture
def prefix(unique):
    """Of the keys of a test."""
    return unique
