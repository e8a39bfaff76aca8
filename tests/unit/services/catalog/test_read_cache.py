"""Answers kept encoded for a moment."""

import asyncio

import pytest

from services.catalog.entrypoints.cursor import decode_cursor, encode_cursor
from services.catalog.entrypoints.read_cache import ReadCache


class Source:
    """Counts its loads, and lets a test hold them back."""

    def __init__(self):
        self.loads = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self):
        self.loads += 1
        await self.gate.wait()
        return {"loads": self.loads}


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


async def test_fresh_answers_are_kept():
    """A second question within the time costs nothing, one after it loads again."""
    clock, source = Clock(), Source()
    cache = ReadCache(fresh_seconds=1.0, clock=clock)
    first = await cache.get("a", source.load)
    assert await cache.get("a", source.load) is first
    clock.now = 1.0
    second = await cache.get("a", source.load)
    assert (first.body, second.body) == (b'{"loads":1}', b'{"loads":2}')
    assert first.etag != second.etag


async def test_a_crowd_shares_one_load():
    """Concurrent misses load once, also when the first that asked gives up."""
    source = Source()
    source.gate.clear()
    cache = ReadCache()
    waiting = [asyncio.create_task(cache.get("a", source.load)) for _ in range(10)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    source.gate.set()
    answers = await asyncio.gather(*waiting[1:])
    assert source.loads == 1
    assert len({answer.etag for answer in answers}) == 1


async def test_failures_are_not_kept():
    """A failed load fails those that wait for it; the next question tries again."""
    source = Source()

    async def fail():
        raise OSError("down")

    cache = ReadCache()
    with pytest.raises(OSError, match="down"):
        await cache.get("a", fail)
    assert (await cache.get("a", source.load)).body == b'{"loads":1}'


async def test_forget_beats_a_load_under_way():
    """What was read before a change is not given to those that ask after it."""
    source = Source()
    source.gate.clear()
    cache = ReadCache()
    early = asyncio.create_task(cache.get("a", source.load))
    await asyncio.sleep(0)
    cache.forget()
    late = asyncio.create_task(cache.get("a", source.load))
    await asyncio.sleep(0)
    source.gate.set()
    await asyncio.gather(early, late)
    assert source.loads == 2
    assert (await cache.get("a", source.load)) is await late


async def test_bounded():
    """The oldest answer makes room for a new one."""
    source = Source()
    cache = ReadCache(max_entries=2)
    for key in "abc":
        await cache.get(key, source.load)
    await cache.get("c", source.load)
    assert source.loads == 3
    await cache.get("a", source.load)
    assert source.loads == 4


@pytest.mark.parametrize("sku", ["A", "JKT-SQUALL-NVY", "a:b", "x" * 64])
def test_cursors_come_back(sku):
    """A cursor continues after the SKU it was made of."""
    assert decode_cursor(encode_cursor(sku)) == sku


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "JKT-SQUALL-NVY", "MTo", "MjpB", "MTpB=", "é", "MTp/"])
def test_cursors_of_others(cursor):
    """Anything that we did not make is refused."""
    with pytest.raises(ValueError, match="cursor"):
        decode_cursor(cursor)
