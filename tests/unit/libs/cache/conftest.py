"""A cache on a second level in memory, with clock and chance in the test's hand."""

import pytest

from seawall.cache import CachePolicy, InMemoryStore, MessagePack, open_cache
from unit.libs.cache.clocks import Chance, Clock, Source


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def chance():
    return Chance()


@pytest.fixture
def store(clock):
    return InMemoryStore(clock)


@pytest.fixture
def source(clock):
    return Source(clock)


@pytest.fixture
async def cache(store, clock, chance, unique_name):
    given = {"clock": clock, "wall_clock": clock, "random": chance}
    policy = CachePolicy(ttl_seconds=60, stale_seconds=300)
    async with open_cache(unique_name, store, MessagePack(str), policy, **given) as cache:
        yield cache


@pytest.fixture
def unique_name(request):
    return request.node.name
