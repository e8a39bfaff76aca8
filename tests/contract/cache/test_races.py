"""Races on a real Valkey, made to happen."""

import asyncio
import os
import sys

import pytest

from contract.cache import caller
from contract.cache.caches import Source, sighted_cache
from seawall.cache.valkey_store import ValkeyStore, open_valkey_store
from seawall.testing import until
from seawall.valkey import open_valkey


@pytest.fixture
async def store(valkey_url, unique):
    async with open_valkey_store(valkey_url, unique) as store:
        yield store


@pytest.fixture
async def cache(store):
    async with sighted_cache(store) as cache:
        yield cache


@pytest.fixture
async def source():
    return Source()


class LateReplies(ValkeyStore):
    """A store whose reads reach the server at once and us when the test lets them."""

    def hold_replies(self):
        self.has_read, self.may_reply = asyncio.Event(), asyncio.Event()

    async def read(self, key):
        data = await super().read(key)
        if hasattr(self, "has_read"):
            self.has_read.set()
            await self.may_reply.wait()
        return data


async def test_an_invalidation_that_arrives_before_the_reply_wins(valkey_url, unique, store, source):
    """The old value answers who asked before, and is not held."""
    async with open_valkey(valkey_url) as valkey:
        late = LateReplies(valkey, valkey_url, unique)
        async with sighted_cache(late) as cache, sighted_cache(store) as writer:
            await cache.get("k", source)
            late.hold_replies()
            early = asyncio.create_task(cache.get("k", source))
            await late.has_read.wait()

            async def save():
                source.answer = "v2"

            await writer.write("k", "v2", save)
            await until(lambda: not cache.is_fetching("k"))
            late.may_reply.set()
            assert await early == "v1"
            assert await cache.get("k", source) == "v2"


async def test_a_leader_that_is_cancelled_does_not_fail_its_followers(cache, source):
    """Who asked first goes; the load goes on, once."""
    source.close()
    leader = asyncio.create_task(cache.get("k", source))
    await until(lambda: source.asked == 1)
    followers = [asyncio.create_task(cache.get("k", source)) for _ in range(5)]
    await asyncio.sleep(0)
    leader.cancel()
    source.open()
    assert await asyncio.gather(*followers) == ["v1"] * 5
    assert source.asked == 1


async def test_a_process_that_dies_while_it_loads_is_waited_for_until_its_lease_ends(cache, store, source):
    """Its lease lapses, and the next one loads."""
    assert await store.lease("k", 0.2)
    assert await cache.get("k", source) == "v1"
    assert source.asked == 1


async def test_a_stampede_of_two_processes_loads_once(valkey_url, unique, tmp_path):
    """A hundred callers in each of two processes, let go at the same moment."""
    processes = [await start_caller(valkey_url, unique, tmp_path / "loads") for _ in range(2)]
    for process in processes:
        assert await process.stdout.readline() == b"ready\n"
    for process in processes:
        process.stdin.write(b"go\n")
    outputs = await asyncio.gather(*(process.communicate() for process in processes))
    assert [output for output, _ in outputs] == [b"100\n", b"100\n"]
    assert (tmp_path / "loads").read_text() == "load\n"


async def start_caller(*arguments):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        caller.__file__,
        *map(str, arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
