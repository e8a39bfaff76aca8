"""Concurrent calls, done together."""

import asyncio

import pytest

from seawall.testing import until
from services.orders.adapters.batcher import Batcher
from services.orders.ports import Unavailable


class Doubling:
    """Work that waits for `gate` and records its batches."""

    def __init__(self):
        self.batches = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.fault = None

    async def __call__(self, items):
        self.batches.append(list(items))
        await self.gate.wait()
        if self.fault:
            raise self.fault
        return [2 * item for item in items]


@pytest.fixture
def work():
    return Doubling()


async def test_concurrent_calls_travel_together(work):
    """One batch, and each caller gets its own answer."""
    batcher = Batcher(work)
    assert await asyncio.gather(*map(batcher.submit, range(5))) == [0, 2, 4, 6, 8]
    assert work.batches == [[0, 1, 2, 3, 4]]


async def test_a_full_batch_does_not_wait(work):
    """Batches are cut at their size, the rest follows."""
    batcher = Batcher(work, max_batch=2, linger_seconds=0.01)
    assert await asyncio.gather(*map(batcher.submit, range(5))) == [0, 2, 4, 6, 8]
    assert work.batches == [[0, 1], [2, 3], [4]]


async def test_batches_grow_while_the_other_side_is_slow(work):
    """At most so many batches run at once; what arrives meanwhile goes with the next."""
    work.gate.clear()
    batcher = Batcher(work, max_in_flight=1, linger_seconds=0)
    calls = [asyncio.create_task(batcher.submit(0))]
    await until(lambda: work.batches == [[0]])
    calls += [asyncio.create_task(batcher.submit(item)) for item in (1, 2, 3)]
    await asyncio.sleep(0.01)
    work.gate.set()
    assert await asyncio.gather(*calls) == [0, 2, 4, 6]
    assert work.batches == [[0], [1, 2, 3]]


async def test_an_error_is_everybodys(work):
    """Each caller of the batch gets it; the next batch is a new chance."""
    work.fault = Unavailable("away")
    batcher = Batcher(work)
    answers = await asyncio.gather(*map(batcher.submit, range(2)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable, Unavailable]
    work.fault = None
    assert await batcher.submit(4) == 8


async def test_a_caller_that_left_is_left_out(work):
    """Its item is not sent, and the others are not disturbed."""
    batcher = Batcher(work, linger_seconds=0.01)
    gone, stays = (asyncio.create_task(batcher.submit(item)) for item in (1, 2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 4
    assert work.batches == [[2]]


async def test_no_more_than_so_many_wait(work):
    """Beyond that a caller is told at once."""
    work.gate.clear()
    batcher = Batcher(work, max_batch=1, max_in_flight=1, max_waiting=2)
    calls = [asyncio.create_task(batcher.submit(item)) for item in range(3)]
    await asyncio.sleep(0.01)
    with pytest.raises(Unavailable):
        await batcher.submit(3)
    work.gate.set()
    assert await asyncio.gather(*calls) == [0, 2, 4]
