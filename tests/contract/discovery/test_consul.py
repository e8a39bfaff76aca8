"""What is Consul's own: blocking queries and their index."""

import asyncio

import pytest

from contract.discovery.consul_world import SpokenConsul
from seawall.discovery import Endpoint, LookupFailed

ONE = Endpoint("127.0.0.1", 8080)


@pytest.fixture
async def world():
    async with SpokenConsul.running() as world:
        await world.serve([ONE])
        yield world


async def test_it_waits_for_news_instead_of_asking_again(world):
    """The second question is held by Consul until something changes."""
    resolver = world.resolver(tag="v2", token="secret")
    await resolver.following()
    second = asyncio.create_task(resolver.following())
    await asyncio.sleep(0.1)
    assert not second.done()
    await world.serve([ONE, Endpoint("127.0.0.2", 8080)])
    assert len(await second) == 2
    assert [query.get("index") for query in world.queries] == [None, "2"]
    assert {query["tag"] for query in world.queries} == {"v2"}
    assert set(world.tokens) == {"secret"}


async def test_an_index_that_goes_back_begins_anew(world):
    """After a restored server the next question does not wait for an index of the past."""
    world.index = 100
    resolver = world.resolver()
    await resolver.following()
    world.index = 3
    await resolver.following()
    assert await resolver.following() == [ONE]
    assert [query.get("index") for query in world.queries] == [None, "100", None]


async def test_after_a_failure_it_asks_without_waiting(world):
    """It may have missed news."""
    resolver = world.resolver()
    await resolver.following()
    world.is_failing = True
    with pytest.raises(LookupFailed, match="500"):
        await resolver.following()
    world.is_failing = False
    assert await resolver.following() == [ONE]


async def test_an_answer_that_makes_no_sense_is_a_failure(world):
    """Not an endpoint without a port, and not a crash of the background task."""
    world.entries = [{"Service": {}}]
    with pytest.raises(LookupFailed):
        await world.resolver().following()
