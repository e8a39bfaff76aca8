"""What is DNS's own: time to live, priorities, families, silence."""

import asyncio

import pytest

from contract.discovery.dns_world import HOST, SERVICE, DnsWorld, ServiceRecords
from seawall.discovery import Endpoint, LookupFailed
from seawall.testing import until


@pytest.fixture
async def world():
    async with DnsWorld.running() as world:
        yield world


async def test_records_are_kept_for_their_time_to_live(world):
    """Nothing is asked before the shortest of them is over."""
    world.ttl = 3600
    await world.serve([Endpoint("127.0.0.1", 8080)])
    resolver = world.resolver(refresh_seconds=(0.01, 3600))
    await resolver.following()
    asked = world.asked
    again = asyncio.create_task(resolver.following())
    await asyncio.sleep(0.1)
    assert (world.asked, again.done()) == (asked, False)
    again.cancel()


async def test_a_long_time_to_live_is_bounded(world):
    """A record that is good for an hour is asked for again after the most that was allowed."""
    world.ttl = 3600
    await world.serve([Endpoint("127.0.0.1", 8080)])
    resolver = world.resolver(refresh_seconds=(0.01, 0.05))
    for _ in range(3):
        assert await resolver.following()


async def test_a_silent_server_is_a_failure_and_not_nobody(world):
    """No answer says nothing about who is there."""
    world.is_silent = True
    with pytest.raises(LookupFailed, match="orders"):
        await world.resolver().following()


async def test_after_a_failure_it_asks_at_once(world):
    """A failed lookup is not kept for any time to live."""
    world.ttl = 3600
    await world.serve([Endpoint("127.0.0.1", 8080)])
    resolver = world.resolver(refresh_seconds=(0.01, 0.02))
    await resolver.following()
    await world.fail()
    with pytest.raises(LookupFailed):
        await resolver.following()
    await world.mend()
    resolver_again = asyncio.create_task(resolver.following())
    await until(resolver_again.done)
    assert resolver_again.result()


async def test_of_the_priorities_the_best_is_taken():
    """Backups (a higher number) are left out while there is somebody before them."""
    async with ServiceRecords.running() as world:
        world.records = {
            (SERVICE, "SRV"): [f"10 0 9001 a.{HOST}", f"20 0 9002 b.{HOST}", f"10 0 9003 c.{HOST}"],
            (f"a.{HOST}", "A"): ["127.0.0.1"],
            (f"b.{HOST}", "A"): ["127.0.0.2"],
            (f"c.{HOST}", "AAAA"): ["::1"],
        }
        found = await world.resolver().following()
    assert found == {Endpoint("127.0.0.1", 9001), Endpoint("::1", 9003)}
