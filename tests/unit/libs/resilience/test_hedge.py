"""Hedges: a second call for the slow few, and nothing left of the loser."""

import asyncio
import contextlib

import pytest

from seawall.resilience import Hedge, HedgeSettings, bind_deadline, current_deadline
from unit.libs.resilience.virtual_time import VirtualLoop, in_virtual_time


class Service:
    """The calls take these seconds in turn, then 10 ms; a negative time fails after it."""

    def __init__(self, *seconds: float) -> None:
        self._seconds = list(seconds)
        self.made = 0
        self.under_way = 0

    async def __call__(self) -> int:
        self.made += 1
        number = self.made
        seconds = self._seconds.pop(0) if self._seconds else 0.01
        self.under_way += 1
        try:
            await asyncio.sleep(abs(seconds))
        finally:
            self.under_way -= 1
        if seconds < 0:
            raise ConnectionResetError(f"call {number}")
        return number


async def experienced(loop: VirtualLoop, *, is_idempotent: bool = True) -> Hedge:
    """One that has seen 100 calls of 10.1 to 20 ms: 19.5 ms are the 95th percentile."""
    hedge = Hedge("db", is_idempotent=is_idempotent, clock=loop.time)
    service = Service(*(0.010 + number / 10_000 for number in range(1, 101)))
    for _ in range(100):
        await hedge.execute(service)
    return hedge


@in_virtual_time
async def test_a_slow_call_is_made_a_second_time(loop: VirtualLoop) -> None:
    """After the 95th percentile; the faster answer counts, and the loser has ended by then."""
    hedge, service = await experienced(loop), Service(9.0)
    began_at = loop.time()
    assert await hedge.execute(service) == 2
    assert loop.time() - began_at == pytest.approx(0.0295, abs=0.0002)
    assert (service.made, service.under_way) == (2, 0)


@in_virtual_time
async def test_the_first_may_win_after_all(loop: VirtualLoop) -> None:
    """Then the second is cancelled."""
    hedge, service = await experienced(loop), Service(0.025, 9.0)
    assert await hedge.execute(service) == 1
    assert (service.made, service.under_way) == (2, 0)


@in_virtual_time
async def test_what_is_not_idempotent_is_made_once(loop: VirtualLoop) -> None:
    """However long it takes."""
    hedge, service = await experienced(loop, is_idempotent=False), Service(9.0)
    assert await hedge.execute(service) == 1
    assert service.made == 1


@in_virtual_time
async def test_at_most_one_call_in_twenty_is_made_twice(loop: VirtualLoop) -> None:
    """When everything becomes slow the load grows by 5 %, not twofold."""
    hedge = Hedge("db", is_idempotent=True, settings=HedgeSettings(least_samples=10), clock=loop.time)
    service = Service(*[0.01] * 10, *[0.5] * 3_000)
    await asyncio.gather(*(hedge.execute(service) for _ in range(10)))
    await asyncio.gather(*(hedge.execute(service) for _ in range(1_000)))
    assert 1_010 < service.made <= 1_010 * 1.05


@in_virtual_time
async def test_before_enough_is_known_nothing_is_hedged(loop: VirtualLoop) -> None:
    """A percentile needs a hundred calls."""
    hedge, service = Hedge("db", is_idempotent=True, clock=loop.time), Service(*[1.0] * 99)
    for _ in range(99):
        await hedge.execute(service)
    assert service.made == 99


@in_virtual_time
async def test_a_failure_leaves_the_answer_to_the_other(loop: VirtualLoop) -> None:
    """Of either; if both fail the first error is told. A failure without a hedge is told at once."""
    hedge = await experienced(loop)
    assert await hedge.execute(Service(-0.025)) == 2
    assert await hedge.execute(Service(0.5, -0.01)) == 1
    with pytest.raises(ConnectionResetError, match="call 1"):
        await hedge.execute(Service(-0.05, -0.02))
    failing = Service(-0.001)
    with pytest.raises(ConnectionResetError):
        await hedge.execute(failing)
    assert failing.made == 1


@in_virtual_time
async def test_cancelled_it_leaves_nothing_under_way(loop: VirtualLoop) -> None:
    """Both calls have ended when the cancellation arrives."""
    hedge, service = await experienced(loop), Service(9.0, 9.0)
    task = asyncio.create_task(hedge.execute(service))
    await asyncio.sleep(0.1)
    assert service.under_way == 2
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert service.under_way == 0


@in_virtual_time
async def test_both_calls_have_the_callers_deadline(loop: VirtualLoop) -> None:
    """A hedge gives nobody more time."""
    hedge, seen = await experienced(loop), []

    async def call() -> None:
        seen.append(current_deadline())
        await asyncio.sleep(1 if len(seen) == 1 else 0)

    with bind_deadline(5, loop.time) as deadline:
        await hedge.execute(call)
    assert seen == [deadline, deadline]
