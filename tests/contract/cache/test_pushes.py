"""The first level and what it is told, on a Valkey of its own: it is emptied, and its clients are killed."""

import pytest

from contract.cache.caches import Source, holds, sighted_cache
from contract.cache.own_servers import own_valkey
from seawall.cache.valkey_store import open_valkey_store
from seawall.testing import until
from seawall.valkey import open_valkey


@pytest.fixture
async def url(tmp_path):
    async with own_valkey(tmp_path) as valkey:
        yield valkey.url


@pytest.fixture
async def admin(url):
    async with open_valkey(url) as valkey:
        yield valkey


@pytest.fixture
async def store(url):
    async with open_valkey_store(url, "shop") as store:
        yield store


@pytest.fixture
async def cache(store):
    async with sighted_cache(store) as cache:
        yield cache


@pytest.fixture
async def source():
    return Source()


async def test_flushall_empties_the_first_level(cache, source, admin):
    """The values of both levels are gone, and loaded anew."""
    await until(lambda: holds(cache, "k", source))
    source.answer = "v2"
    await admin.execute("FLUSHALL")
    await until(lambda: len(cache.first_level) == 0)
    assert await cache.get("k", source) == "v2"


async def test_what_lapses_or_is_evicted_on_the_server_is_told(cache, source, store, admin):
    """The first level holds nothing longer than the second."""
    await until(lambda: holds(cache, "k", source))
    await admin.execute("PEXPIRE", "shop:v:{k}", 20)
    await until(lambda: len(cache.first_level) == 0)


async def test_a_tracking_connection_that_is_killed_empties_the_first_level(cache, source, admin, store):
    """What changed meanwhile is seen, and the next connection tells again."""
    await until(lambda: holds(cache, "k", source))
    await kill_tracking(admin)
    await store.delete("k")
    source.answer = "v2"
    await until(lambda: not cache.is_sighted)
    assert len(cache.first_level) == 0
    await until(lambda: cache.is_sighted)
    assert await until(lambda: holds(cache, "k", source)) == "v2"
    await store.delete("k")
    await until(lambda: len(cache.first_level) == 0)


async def kill_tracking(admin):
    clients = str(await admin.execute("CLIENT", "LIST")).splitlines()
    ids = [line.split()[0].removeprefix("id=") for line in clients if "name=seawall-tracking" in line]
    assert len(ids) == 1
    await admin.execute("CLIENT", "KILL", "ID", ids[0])
