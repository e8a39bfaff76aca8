"""The bulkhead: so many at once, so many waiting, and no permit lost."""

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from seawall.resilience import Bulkhead, BulkheadFull, BulkheadSettings, DeadlineExceeded, bind_deadline
from unit.libs.resilience.calls import Held, PolicyMachine, raising, returning
from unit.libs.resilience.virtual_time import VirtualLoop, in_virtual_time

MAX_CONCURRENT, MAX_WAITING = 2, 3


def small() -> Bulkhead:
    return Bulkhead("db", BulkheadSettings(MAX_CONCURRENT, MAX_WAITING, max_wait_seconds=0.1))


@in_virtual_time
async def test_who_finds_the_queue_full_is_refused_at_once(loop: VirtualLoop) -> None:
    """Two at once and three in the queue: the sixth is told without a wait."""
    bulkhead = small()
    held = [Held(bulkhead) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(BulkheadFull, match="3 calls wait"):
        await bulkhead.execute(raising(AssertionError("called")))
    assert loop.time() == 1_000
    for one in held:
        one.answer()
    await asyncio.gather(*(one.task for one in held))
    assert bulkhead.in_use == bulkhead.waiting == 0


@in_virtual_time
async def test_who_waits_too_long_is_refused(loop: VirtualLoop) -> None:
    """After the longest wait, without a call."""
    bulkhead = small()
    held = [Held(bulkhead) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(BulkheadFull, match=r"0\.1 s"):
        await bulkhead.execute(raising(AssertionError("called")))
    assert loop.time() == pytest.approx(1_000.1)
    held[0].answer()
    assert await bulkhead.execute(returning(42)) == 42


@in_virtual_time
async def test_a_deadline_that_passes_in_the_queue_ends_the_wait(loop: VirtualLoop) -> None:
    """DeadlineExceeded: the caller is gone, so it is not told to come again."""
    bulkhead = small()
    held = [Held(bulkhead) for _ in range(2)]
    await asyncio.sleep(0)
    with bind_deadline(0.05, loop.time), pytest.raises(DeadlineExceeded):
        await bulkhead.execute(raising(AssertionError("called")))
    assert bulkhead.waiting == 0
    for one in held:
        one.answer()


@in_virtual_time
async def test_a_cancelled_waiter_leaves_its_place_to_the_next(loop: VirtualLoop) -> None:
    """Also if it is cancelled just as it gets the permit."""
    bulkhead = small()
    first, second, cancelled, last = (Held(bulkhead) for _ in range(4))
    await asyncio.sleep(0)
    first.answer()
    await asyncio.sleep(0)
    cancelled.task.cancel()
    await asyncio.sleep(0.01)
    assert last.is_under_way and not cancelled.is_under_way
    second.answer()
    last.answer()
    await asyncio.gather(second.task, last.task)
    assert bulkhead.in_use == 0


class BulkheadMachine(PolicyMachine):
    """Calls begin, end, are cancelled and time out in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.policy = self.bulkhead = small()

    @rule()
    def call(self) -> None:
        under_way, waiting = len(self.under_way), len(self.waiting)
        held = self.begin()
        if under_way < MAX_CONCURRENT:
            assert held.is_under_way
        elif waiting < MAX_WAITING:
            assert held in self.waiting
        else:
            assert isinstance(held.error, BulkheadFull)

    @precondition(lambda self: self.under_way)
    @rule(number=st.integers(0), how=st.sampled_from(["answer", "fail", "cancel"]))
    def end_one(self, number: int, how: str) -> None:
        first = self.waiting[:1]
        self.end(self.under_way[number % len(self.under_way)], how)
        assert all(held.is_under_way for held in first)

    @precondition(lambda self: self.waiting)
    @rule(number=st.integers(0))
    def cancel_a_waiter(self, number: int) -> None:
        self.end(self.waiting[number % len(self.waiting)], "cancel")

    @precondition(lambda self: self.under_way and self.waiting)
    @rule(is_cancelled_first=st.booleans())
    def end_one_as_a_waiter_is_cancelled(self, is_cancelled_first: bool) -> None:
        ending, waiter = self.under_way[0], self.waiting[0]
        steps = [ending.answer, waiter.task.cancel]
        for step in reversed(steps) if is_cancelled_first else steps:
            step()
        self.loop.settle()
        self.sort()

    @rule(seconds=st.sampled_from([0.04, 0.2]))
    def time_passes(self, seconds: float) -> None:
        waited = list(self.waiting)
        self.loop.pass_seconds(seconds)
        self.sort()
        if seconds > 0.1:
            assert all(isinstance(held.error, BulkheadFull) for held in waited)

    @invariant()
    def no_permit_is_lost_or_made(self) -> None:
        assert self.bulkhead.in_use == len(self.under_way) <= MAX_CONCURRENT
        assert self.bulkhead.waiting == len(self.waiting)
        assert not self.waiting or len(self.under_way) == MAX_CONCURRENT


def test_no_order_of_events_loses_or_makes_a_permit() -> None:
    """As many as may are under way; none waits while a permit is free."""
    run_state_machine_as_test(
        BulkheadMachine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None)
    )
