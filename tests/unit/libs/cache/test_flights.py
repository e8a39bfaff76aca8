"""Single flight in the process."""

import asyncio

import pytest

from seawall.cache.flights import Flights
from seawall.resilience import DeadlineExceeded, bind_deadline


class Source:
    """A fetch that waits until it is told what to give."""

    def __init__(self):
        self.asked = 0
        self.answer = asyncio.get_running_loop().create_future()

    async def __call__(self):
        self.asked += 1
        return await self.answer


@pytest.fixture
async def source():
    return Source()


@pytest.fixture
async def flights():
    flights: Flights[int] = Flights()
    yield flights
    await flights.close()


async def started(calls):
    tasks = [asyncio.create_task(call) for call in calls]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_all_who_ask_share_one_fetch(flights, source):
    """Ten callers, one fetch, ten answers."""
    tasks = await started(flights.join("k", source) for _ in range(10))
    source.answer.set_result(42)
    assert await asyncio.gather(*tasks) == [42] * 10
    assert source.asked == 1


async def test_a_leader_that_is_cancelled_does_not_fail_its_followers(flights, source):
    """Who asked first may go: the others get their answer from the same fetch."""
    leader, follower = await started([flights.join("k", source), flights.join("k", source)])
    leader.cancel()
    await asyncio.gather(leader, return_exceptions=True)
    source.answer.set_result(42)
    assert await follower == 42
    assert (leader.cancelled(), source.asked) == (True, 1)


async def test_a_caller_leaves_at_its_deadline_and_the_fetch_goes_on(flights, source):
    """The deadline of one caller is not that of the fetch."""
    with bind_deadline(0.03), pytest.raises(DeadlineExceeded):
        await flights.join("k", source)
    (follower,) = await started([flights.join("k", source)])
    source.answer.set_result(42)
    assert await follower == 42
    assert source.asked == 1


async def test_a_failure_is_that_of_all_who_waited_and_of_nobody_after(flights, source):
    """Exceptions are shared, but not kept."""
    tasks = await started(flights.join("k", source) for _ in range(3))
    source.answer.set_exception(OSError("away"))
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [OSError] * 3
    source.answer = asyncio.get_running_loop().create_future()
    source.answer.set_result(42)
    assert await flights.join("k", source) == 42


async def test_who_asks_after_a_detach_gets_a_new_fetch(flights, source):
    """The old fetch knows that it was overtaken, the new one that it was not."""
    attached = []

    async def fetch():
        answer = await source()
        attached.append(flights.is_attached("k"))
        return answer

    (early,) = await started([flights.join("k", fetch)])
    flights.detach("k")
    (late,) = await started([flights.join("k", fetch)])
    source.answer.set_result(42)
    await asyncio.gather(early, late)
    assert (source.asked, attached) == (2, [False, True])
