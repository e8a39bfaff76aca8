"""The second level goes away, and comes back."""

import asyncio

import pytest

from contract.cache.caches import Source, holds, sighted_cache
from contract.cache.own_servers import memcached, own_valkey, ready_memcached
from seawall.cache import MessagePack, StoreUnavailable, TieredCache
from seawall.cache.memcached_store import open_memcached_store
from seawall.cache.valkey_store import open_valkey_store
from seawall.testing import until


@pytest.fixture
async def source():
    return Source()


async def test_without_valkey_loads_and_the_first_level_serve(tmp_path, source):
    """It is noticed at once, each value is loaded once a blind time; back again, changes are told."""
    async with own_valkey(tmp_path) as valkey, open_valkey_store(valkey.url, "shop") as store:
        async with sighted_cache(store, l1_blind_ttl_seconds=0.2) as cache:
            await until(lambda: holds(cache, "k", source))
            await valkey.stop()
            await until(lambda: not cache.is_sighted)
            asked = source.asked
            answers = await asyncio.gather(*(cache.get("k", source) for _ in range(200)))
            assert answers == ["v1"] * 200
            assert await holds(cache, "k", source) == "v1"
            assert source.asked == asked + 1
            assert not await cache.delete("k")
            source.answer = "v2"
            await valkey.start()
            await until(lambda: cache.is_sighted)
            assert await cache.delete("k")
            assert await until(lambda: holds(cache, "k", source)) == "v2"


async def test_a_valkey_that_is_silent_costs_its_callers_little(source):
    """The first call waits for its time-out; those just after it do not even connect."""
    connections = []

    async def never_answer(reader, writer):
        connections.append(writer)
        await reader.read()
        writer.close()

    hung = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    url = f"redis://127.0.0.1:{hung.sockets[0].getsockname()[1]}/0"
    async with open_valkey_store(url, "shop", timeout_seconds=0.2) as store:
        clock = Clock()
        cache = TieredCache("silent", store, MessagePack(str), clock=clock)
        answers = [await cache.get(f"k{number}", source) for number in range(50)]
        assert (answers, len(connections)) == (["v1"] * 50, 1)
        clock.at += 1
        assert await cache.get("again", source) == "v1"
        assert len(connections) == 2
    hung.close()


class Clock:
    """Stands until it is moved."""

    def __init__(self):
        self.at = 0.0

    def __call__(self):
        return self.at


@pytest.fixture
async def server():
    with memcached() as server:
        yield await ready_memcached(server)


@pytest.fixture
async def memcached_store(server):
    async with open_memcached_store(server.address, "shop", max_connections=1, timeout_seconds=0.3) as store:
        yield store


async def test_a_memcached_that_hangs_up_in_mid_answer_is_unavailable():
    """aiomcache alone would read the end of file for ever, and stop the loop."""

    async def hang_up(reader, writer):
        await reader.readline()
        writer.write(b"DELE")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with open_memcached_store(address, "shop", timeout_seconds=5.0) as store:
        with pytest.raises(StoreUnavailable):
            await store.delete("k")
    server.close()


async def test_a_cancelled_call_of_memcached_does_not_answer_the_next(memcached_store, server):
    """On the only connection: aiomcache alone would put it back with the answer still to come."""
    for key in ("a", "b"):
        await memcached_store.fill(await memcached_store.lease(key, 10), key.encode(), 10)
    server.freeze()
    reading = asyncio.create_task(memcached_store.read("a"))
    await asyncio.sleep(0.05)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    server.thaw()
    assert await memcached_store.read("b") == b"b"


async def test_without_memcached_loads_and_the_first_level_serve(memcached_store, server, source):
    """As with Valkey."""
    async with sighted_cache(memcached_store, l1_blind_ttl_seconds=30.0) as cache:
        server.kill()
        assert [await cache.get("k", source) for _ in range(3)] == ["v1"] * 3
        assert source.asked == 1
