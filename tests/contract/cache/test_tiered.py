"""What two processes with one second level may rely on, whatever it is."""

import asyncio

import pytest

from contract.cache.caches import Source, sighted_cache
from seawall.testing import until


@pytest.fixture
async def source():
    return Source()


@pytest.fixture
async def cache(store):
    async with sighted_cache(store) as cache:
        yield cache


@pytest.fixture
async def other_cache(other):
    async with sighted_cache(other, l1_blind_ttl_seconds=0.05) as cache:
        yield cache


async def test_what_one_process_loads_the_other_reads(cache, other_cache, source):
    """One load for both."""
    assert await cache.get("k", source) == await other_cache.get("k", source) == "v1"
    assert source.asked == 1


async def test_a_crowd_on_both_sides_loads_once(cache, other_cache, source):
    """A hundred callers each, while nothing is there."""
    source.close()
    callers = [asyncio.create_task((cache, other_cache)[n % 2].get("k", source)) for n in range(200)]
    await until(lambda: source.asked == 1)
    source.open()
    assert await asyncio.gather(*callers) == ["v1"] * 200
    assert source.asked == 1


async def test_a_delete_elsewhere_during_a_load_wins(cache, other_cache, source):
    """What was loaded before it is in neither level after it."""
    source.close()
    early = asyncio.create_task(cache.get("k", source))
    await until(lambda: source.asked == 1)
    source.answer = "v2"
    assert await other_cache.delete("k")
    source.open()
    assert await early == "v1"
    assert [await cache.get("k", source), await other_cache.get("k", source)] == ["v2", "v2"]


async def test_a_write_elsewhere_is_seen(cache, other_cache, source):
    """At once where changes are told, else after the blind time."""
    for _ in range(3):
        await other_cache.get("k", source)

    async def save():
        source.answer = "v2"

    assert await cache.write("k", "v2", save)
    await until(lambda: gives(other_cache, source, "v2"))
    assert source.asked == 1


async def gives(cache, source, value):
    return await cache.get("k", source) == value


async def test_who_waits_for_a_load_elsewhere_that_fails_loads_itself(cache, other_cache, source):
    """The failure is that of its own callers alone."""
    failing = Source(OSError("away"))
    failing.close()
    first = asyncio.create_task(cache.get("k", failing))
    await until(lambda: failing.asked == 1)
    second = asyncio.create_task(other_cache.get("k", source))
    await asyncio.sleep(0.02)
    failing.open()
    with pytest.raises(OSError, match="away"):
        await first
    assert (await second, source.asked) == ("v1", 1)


async def test_an_undecodable_entry_is_a_miss(cache, store, source):
    """It is loaded, and replaced."""
    await store.fill(await store.lease("k", 10), b"from another program", 60)
    assert await cache.get("k", source) == "v1"
    assert source.asked == 1
    assert (await store.read("k")).endswith(b"v1")
