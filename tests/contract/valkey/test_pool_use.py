"""What a pool of connections tells of its use, on a real Valkey."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from seawall.testing import until
from seawall.valkey import ValkeyUnavailable, open_valkey

KEY = "pool-use:nothing"


def shown():
    """Size, in use, waiting; waits and failures so far."""
    names = ("size", "in_use", "waiting", "wait_seconds_count", "failures_total")
    return {name: REGISTRY.get_sample_value(f"seawall_valkey_pool_{name}") or 0.0 for name in names}


async def blocks(valkey, seconds=5):
    """A call that holds its connection."""
    await valkey.execute("BLPOP", KEY, seconds)


async def test_who_has_a_connection_and_who_waits_is_told(valkey_url):
    """And nothing more once the pool is closed."""
    before = shown()
    async with open_valkey(valkey_url) as other, open_valkey(valkey_url, max_connections=2) as valkey:
        open_now = shown()
        holders = [asyncio.create_task(blocks(valkey)) for _ in range(2)]
        await until(lambda: shown()["in_use"] == before["in_use"] + 2)
        waits = asyncio.create_task(valkey.ping())
        await asyncio.sleep(0)
        assert shown()["waiting"] == before["waiting"] + 1
        await other.execute("RPUSH", KEY, "go", "on")
        await asyncio.gather(*holders, waits)
        assert shown() == open_now | {"wait_seconds_count": before["wait_seconds_count"] + 1}
    assert shown()["size"] == before["size"]


async def test_who_finds_none_free_in_time_is_a_failure(valkey_url):
    """And holds nothing: the next call is made."""
    before = shown()
    async with open_valkey(valkey_url, max_connections=1) as valkey:
        holder = asyncio.create_task(blocks(valkey, 0.5))
        await until(lambda: shown()["in_use"] == before["in_use"] + 1)
        with pytest.raises(ValkeyUnavailable):
            await valkey.ping()
        await holder
        await valkey.ping()
        assert shown()["failures_total"] == before["failures_total"] + 1
        assert shown()["in_use"] == before["in_use"]


async def test_who_is_cancelled_gives_its_connection_back(valkey_url):
    """Who waits, and who holds one."""
    before = shown()
    async with open_valkey(valkey_url, max_connections=1) as valkey:
        callers = [asyncio.create_task(blocks(valkey)) for _ in range(2)]
        await until(lambda: shown()["waiting"] == before["waiting"] + 1)
        for caller in callers[::-1]:
            caller.cancel()
        await asyncio.wait(callers)
        await valkey.ping()
        assert (shown()["in_use"], shown()["waiting"]) == (before["in_use"], before["waiting"])
