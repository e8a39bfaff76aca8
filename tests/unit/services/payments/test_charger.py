"""The charger's loop, on a queue and a provider in memory."""

import asyncio
from contextlib import asynccontextmanager

from seawall.testing import until
from services.payments.domain import Approved, OutcomeUnknownError, State
from services.payments.entrypoints.charger import Charger
from unit.services.payments.fakes import FakeProvider, FakeQueue, claim


@asynccontextmanager
async def running(charger: Charger):
    task = asyncio.create_task(charger.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class CountingProvider:
    """Approves all, slowly, and counts how many it serves at once."""

    def __init__(self) -> None:
        self.now = 0
        self.most = 0

    async def charge(self, order_id, amount_minor, currency):
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01)
        self.now -= 1
        return Approved(f"ch_{order_id}")

    async def void(self, order_id):
        raise AssertionError("nothing is to be voided")


async def test_all_charges_are_made_and_no_more_than_allowed_at_once():
    """The concurrency is a bound, and the queue is emptied."""
    provider = CountingProvider()
    queue = FakeQueue(*(claim(f"order-{number}") for number in range(100)))
    async with running(Charger(queue, provider, concurrency=8)):
        await until(lambda: len(queue.settled) == 100)
    assert provider.most == 8
    assert {outcome.state for outcome in queue.settled} == {State.CHARGED}


async def test_what_it_is_given_is_attempted_at_once():
    """Claims that came with their commands wait for no claim of the charger's, and take up its room."""
    queue = FakeQueue()
    charger = Charger(queue, CountingProvider(), concurrency=4, poll_seconds=3600)
    room = charger.room
    charger.take([claim("order-1"), claim("order-2")])
    assert charger.room == room - 2
    await until(lambda: len(queue.settled) == 2)
    assert charger.room == room


async def test_a_wake_up_is_not_waited_for_in_polls():
    """Work that arrives while the charger waits is claimed as soon as it is woken."""
    queue = FakeQueue()
    charger = Charger(queue, FakeProvider(Approved("ch_1")), poll_seconds=3600)
    async with running(charger):
        await until(lambda: queue.claimed)
        queue.waiting.append(claim())
        charger.wake()
        await until(lambda: queue.settled)


async def test_what_nobody_woke_it_for_is_found_by_polling():
    """A charge that another replica left behind is found without a wake-up."""
    queue = FakeQueue()
    async with running(Charger(queue, FakeProvider(Approved("ch_1")), poll_seconds=0.01)):
        await until(lambda: queue.claimed)
        queue.waiting.append(claim())
        await until(lambda: queue.settled)


async def test_a_store_that_fails_does_not_end_the_loop():
    """Claiming goes on once the store answers again."""
    queue = FakeQueue(claim())
    queue.faults = [ConnectionError("down"), ConnectionError("still down")]
    async with running(Charger(queue, FakeProvider(Approved("ch_1")), poll_seconds=0.01)):
        await until(lambda: queue.settled)


async def test_a_retry_wakes_the_charger_when_it_is_due():
    """After a postponed attempt the loop looks again without waiting for the poll."""
    queue = FakeQueue(claim())
    charger = Charger(queue, FakeProvider(OutcomeUnknownError()), poll_seconds=3600, draw=lambda: 0.01)
    async with running(charger):
        await until(lambda: len(queue.claimed) == 2)


async def test_finishing_lets_attempts_under_way_end():
    """A stop does not cut an attempt that ends in time, and cancels one that does not."""
    provider = CountingProvider()
    queue = FakeQueue(claim())
    charger = Charger(queue, provider)
    async with running(charger):
        await until(lambda: provider.now)
    await charger.finish(5)
    assert [outcome.state for outcome in queue.settled] == [State.CHARGED]
    await charger.finish(5)
