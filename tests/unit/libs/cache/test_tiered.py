"""The cache of two levels, by its promises on time and failure."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from seawall.cache import CachePolicy, InMemoryStore, MessagePack, StoreUnavailable, open_cache
from seawall.testing import until


async def test_a_value_is_loaded_once_and_then_held(cache, source):
    """The first call loads, the second reads the second level, the third neither."""
    assert [await cache.get("k", source) for _ in range(3)] == ["v1"] * 3
    assert source.asked == 1
    assert (cache.first_level.hits, len(cache.first_level)) == (1, 1)


async def test_a_value_lapses(cache, source, clock):
    """After its time to live it is loaded anew."""
    await cache.get("k", source)
    source.answer = "v2"
    clock.move(59)
    assert await cache.get("k", source) == "v1"
    clock.move(2)
    assert await cache.get("k", source) == "v2"


async def test_jitter_spreads_the_end(cache, source, clock, chance):
    """The draw of a load decides how long its value lives."""
    chance.next = 0.0
    await cache.get("short", source)
    chance.next = 0.999
    await cache.get("long", source)
    chance.next = 0.5
    clock.move(60)
    await cache.get("short", source)
    await cache.get("long", source)
    assert source.asked == 3


async def test_that_there_is_nothing_is_known_for_a_short_time(cache, source, clock):
    """None is an answer like any other, for 5 seconds."""
    source.answer = None
    assert [await cache.get("k", source) for _ in range(3)] == [None] * 3
    assert source.asked == 1
    source.answer = "v2"
    clock.move(5.1)
    assert await cache.get("k", source) == "v2"


async def test_the_first_level_asks_the_second_again_after_30_seconds(cache, source, store, clock):
    """However long the value lives, and even if no change was told."""
    for _ in range(2):
        await cache.get("k", source)
    reads = count_reads(store)
    clock.move(29)
    await cache.get("k", source)
    assert reads == []
    clock.move(2)
    await cache.get("k", source)
    assert reads == ["k"]


def count_reads(store):
    reads, read = [], store.read

    async def counted(key):
        reads.append(key)
        return await read(key)

    store.read = counted
    return reads


async def test_a_value_is_refreshed_before_its_end(cache, source, clock, chance):
    """In the background, and served meanwhile: if it is drawn so, in proportion to what its load took."""
    source.seconds = 0.4
    await cache.get("k", source)
    source.answer = "v2"
    clock.move(59)
    chance.next = 0.99  # -ln(0.01) = 4.6 loads before the end
    assert await cache.get("k", source) == "v1"
    await until(lambda: source.asked == 2)
    chance.next = 0.5
    await until(lambda: is_given(cache, source, "v2"))
    assert source.asked == 2


async def is_given(cache, source, value):
    return await cache.get("k", source) == value


async def test_a_loader_s_exception_is_not_cached(cache, source):
    """The next call asks again, and gets an answer."""
    source.answer = OSError("away")
    with pytest.raises(OSError, match="away"):
        await cache.get("k", source)
    source.answer = "v1"
    assert await cache.get("k", source) == "v1"
    assert source.asked == 2


async def test_a_stale_value_is_served_while_loads_fail(cache, source, clock):
    """For as long as `stale_seconds`; the source is asked once a second, and its recovery is noticed."""
    await cache.get("k", source)
    clock.move(100)
    source.answer = OSError("away")
    assert [await cache.get("k", source) for _ in range(5)] == ["v1"] * 5
    assert source.asked == 2
    source.answer = "v2"
    clock.move(1.1)
    assert await cache.get("k", source) == "v2"


async def test_a_value_is_not_stale_for_ever(cache, source, clock):
    """Beyond that the failure is told."""
    await cache.get("k", source)
    clock.move(361)
    source.answer = OSError("away")
    with pytest.raises(OSError, match="away"):
        await cache.get("k", source)


async def test_a_stale_value_is_served_while_a_load_hangs(impatient, source, clock):
    """After a moment, also to those who come later, who start no load of their own."""
    await impatient.get("k", source)
    clock.move(100)
    gate, source.answer = source.close_gate(), "v2"
    assert [await impatient.get("k", source) for _ in range(3)] == ["v1"] * 3
    clock.move(1.1)
    assert await impatient.get("k", source) == "v1"
    assert source.asked == 2
    gate.set()
    await until(lambda: not impatient.is_fetching("k"))
    clock.move(1.1)
    assert await impatient.get("k", source) == "v2"


async def test_what_was_deleted_is_not_served_while_a_load_hangs(impatient, source, clock):
    """A delete takes the stale value away as well: then the load is waited for."""
    await impatient.get("k", source)
    clock.move(100)
    gate, source.answer = source.close_gate(), "v2"
    assert await impatient.get("k", source) == "v1"
    await impatient.delete("k")
    waiting = asyncio.create_task(impatient.get("k", source))
    done, _ = await asyncio.wait({waiting}, timeout=0.1)
    assert not done
    gate.set()
    assert await waiting == "v2"


@pytest.fixture
async def impatient(store, clock, chance):
    policy = CachePolicy(patience_seconds=0.02)
    times = {"clock": clock, "wall_clock": clock, "random": chance}
    async with open_cache("impatient", store, MessagePack(str), policy, **times) as cache:
        yield cache


async def test_a_load_that_takes_too_long_is_given_up(store, source, clock, chance):
    """Its callers get TimeoutError, and the next one may try."""
    policy = CachePolicy(load_timeout_seconds=0.02)
    async with open_cache("slow", store, MessagePack(str), policy, random=chance) as cache:
        gate = source.close_gate()
        with pytest.raises(TimeoutError):
            await cache.get("k", source)
        gate.set()
        assert await cache.get("k", source) == "v1"


class OvertakenLease(InMemoryStore):
    """Between a miss and the lease, `meanwhile` happens, once."""

    def __init__(self, clock):
        super().__init__(clock)
        self.meanwhile = None

    async def lease(self, key, ttl):
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return await super().lease(key, ttl)


async def test_what_another_process_filled_between_miss_and_lease_is_not_loaded_again(clock, chance, source):
    """Who has got the lease looks once more before it loads."""
    store, given = OvertakenLease(clock), {"clock": clock, "wall_clock": clock, "random": chance}
    async with (
        open_cache("one", store, MessagePack(str), **given) as one,
        open_cache("other", store, MessagePack(str), **given) as other,
    ):
        store.meanwhile = lambda: other.get("k", source)
        assert await one.get("k", source) == "v1"
        assert source.asked == 1
        assert await store.lease("k", 1.0)


async def test_a_load_that_outlives_its_lease_is_not_stored(cache, source):
    """Nobody can know what happened to the key meanwhile. The next lease is as long as that load needed."""
    source.seconds = 3.0
    assert [await cache.get("k", source) for _ in range(3)] == ["v1"] * 3
    assert source.asked == 2


async def test_a_delete_during_a_load_wins(cache, source, store):
    """Who asked before gets what was loaded; nobody after, from neither level."""
    gate = source.close_gate()
    early = asyncio.create_task(cache.get("k", source))
    await until(lambda: source.asked == 1)
    source.answer = "v2"
    assert await cache.delete("k")
    late = asyncio.create_task(cache.get("k", source))
    await until(lambda: source.asked == 2)
    gate.set()
    assert (await early, await late) == ("v1", "v2")
    assert [await cache.get("k", source) for _ in range(2)] == ["v2", "v2"]
    assert source.asked == 2


async def test_write_through_saves_and_then_serves(cache, source):
    """After a write no load is needed."""
    saved = []

    async def save():
        saved.append("v2")

    await cache.get("k", source)
    assert await cache.write("k", "v2", save)
    assert (await cache.get("k", source), saved, source.asked) == ("v2", ["v2"], 1)


async def test_a_write_that_fails_leaves_the_source_s_value(cache, source):
    """Its exception is told, and the next call loads."""

    async def save():
        raise OSError("away")

    await cache.get("k", source)
    with pytest.raises(OSError, match="away"):
        await cache.write("k", "v2", save)
    assert (await cache.get("k", source), source.asked) == ("v1", 2)


async def test_of_two_writes_at_once_neither_is_trusted(cache, source):
    """Nobody here knows which of them the source kept: the next call asks it."""
    first_may_go, second_may_go = asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(cache.write("k", "first", first_may_go.wait))
    second = asyncio.create_task(cache.write("k", "second", second_may_go.wait))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second_may_go.set()
    await second
    first_may_go.set()
    await first
    source.answer = "what the source kept"
    assert await cache.get("k", source) == "what the source kept"


async def test_a_push_drops_what_is_held(cache, source, store):
    """Another process deletes: the next call here loads."""
    for _ in range(2):
        await cache.get("k", source)
    source.answer = "v2"
    await store.delete("k")
    assert await cache.get("k", source) == "v2"


async def test_blind_the_cache_believes_nothing_for_long(cache, source, store, clock):
    """What was held is dropped at once, and what is read then counts for a second."""
    for _ in range(2):
        await cache.get("k", source)
    reads = count_reads(store)
    cache.blind()
    await cache.get("k", source)
    await cache.get("k", source)
    assert reads == ["k"]
    clock.move(1.1)
    await cache.get("k", source)
    assert reads == ["k", "k"]
    cache.sighted()
    await cache.get("k", source)
    assert reads == ["k", "k", "k"]


class Away(InMemoryStore):
    """A second level that counts what it is asked and answers nothing."""

    def __init__(self):
        super().__init__()
        self.asked = 0

    async def read(self, key):
        self.asked += 1
        raise StoreUnavailable("away")

    async def lease(self, key, ttl):
        return await self.read(key)

    async def claim(self, key, ttl):
        return await self.read(key)

    async def delete(self, key):
        await self.read(key)


@pytest.fixture
def away():
    return Away()


async def test_without_a_second_level_loads_and_the_first_still_serve(away, source, clock, chance):
    """Each value counts for a second; a delete says that it may not be known everywhere."""
    given = {"clock": clock, "wall_clock": clock, "random": chance}
    async with open_cache("alone", away, MessagePack(str), **given) as cache:
        assert [await cache.get("k", source) for _ in range(3)] == ["v1"] * 3
        assert (source.asked, away.asked) == (1, 1)
        clock.move(1.1)
        await cache.get("k", source)
        assert source.asked == 2
        assert not await cache.delete("k")
        await cache.get("k", source)
        assert source.asked == 3


async def test_a_second_level_that_is_away_is_asked_twice_a_second(away, source, clock, chance):
    """Not by each of many callers: a timeout for each of them would stop the service."""
    given = {"clock": clock, "wall_clock": clock, "random": chance}
    async with open_cache("pause", away, MessagePack(str), **given) as cache:
        for number in range(50):
            await cache.get(f"k{number}", source)
        assert away.asked == 1
        clock.move(0.6)
        await cache.get("again", source)
        assert away.asked == 2


async def test_the_metrics_tell_of_both_levels(cache, source, unique_name):
    """Hits of the first, fetches beyond it by outcome, bytes held."""
    for _ in range(5):
        await cache.get("k", source)

    def sample(name, **labels):
        return REGISTRY.get_sample_value(name, {"cache": unique_name, **labels})

    assert sample("seawall_cache_l1_hits_total") == 3
    assert sample("seawall_cache_fetches_total", outcome="loaded") == 1
    assert sample("seawall_cache_fetches_total", outcome="read") == 1
    assert sample("seawall_cache_l1_bytes") > 400
    assert sample("seawall_cache_sighted") == 1
