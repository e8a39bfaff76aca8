"""Load shedding: who is let in, who waits, who is refused first."""

import asyncio
import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from seawall.resilience import (
    AdaptiveLimit,
    DeadlineExceeded,
    LimitSettings,
    LoadShedder,
    LoopLag,
    Priority,
    Shed,
    SheddingSettings,
    Timeout,
    bind_deadline,
    bind_priority,
    compose,
)
from unit.libs.resilience.calls import Failed, Held, PolicyMachine, raising, returning
from unit.libs.resilience.virtual_time import VirtualLoop, in_virtual_time

FEW = SheddingSettings(max_waiting=2, max_wait_seconds=0.1)


def fixed(limit: int) -> AdaptiveLimit:
    """A limit that does not move."""
    return AdaptiveLimit(LimitSettings(initial=limit, least=limit, most=limit), lambda: 0.0)


def shedder_on(loop: asyncio.AbstractEventLoop, limit: int = 1, lag: LoopLag | None = None) -> LoadShedder:
    return LoadShedder("web", FEW, limit=fixed(limit), lag=lag, clock=loop.time)


def held_at(shedder: LoadShedder, priority: Priority) -> Held:
    with bind_priority(priority):
        return Held(shedder)


@in_virtual_time
async def test_a_checkout_goes_before_browsing(loop: VirtualLoop) -> None:
    """Of those who wait the most important is next, whoever came first."""
    shedder = shedder_on(loop)
    first = Held(shedder)
    await asyncio.sleep(0)
    browsing = held_at(shedder, Priority.SHEDDABLE_PLUS)
    checkout = held_at(shedder, Priority.CRITICAL_PLUS)
    await asyncio.sleep(0)
    first.answer()
    await asyncio.sleep(0.01)
    assert checkout.is_under_way and not browsing.is_under_way
    checkout.answer()
    await asyncio.sleep(0.01)
    assert browsing.is_under_way
    browsing.answer()


@in_virtual_time
async def test_a_full_queue_is_left_by_the_least_important(loop: VirtualLoop) -> None:
    """The last of them gives its place up; who is not more important than all that wait is refused."""
    shedder = shedder_on(loop)
    Held(shedder)
    await asyncio.sleep(0)
    older, younger = (held_at(shedder, Priority.SHEDDABLE) for _ in range(2))
    await asyncio.sleep(0)
    refused = held_at(shedder, Priority.SHEDDABLE)
    checkout = held_at(shedder, Priority.CRITICAL_PLUS)
    await asyncio.sleep(0.01)
    assert isinstance(refused.error, Shed) and isinstance(younger.error, Shed)
    assert not older.task.done() and not checkout.task.done()


@in_virtual_time
async def test_who_waits_too_long_is_shed(loop: VirtualLoop) -> None:
    """And leaves the queue; if its deadline passes before, it is told that instead."""
    shedder = shedder_on(loop)
    Held(shedder)
    await asyncio.sleep(0)
    with pytest.raises(Shed, match="wait"):
        await shedder.execute(raising(AssertionError("called")))
    with bind_deadline(0.05, loop.time), pytest.raises(DeadlineExceeded):
        await shedder.execute(raising(AssertionError("called")))
    assert shedder.waiting == 0


@in_virtual_time
async def test_with_a_lagging_loop_the_less_important_are_shed(loop: VirtualLoop) -> None:
    """The greater the lag the more of them, however little is under way; never the most important."""
    lag = LoopLag()
    shedder = shedder_on(loop, limit=10, lag=lag)
    for seconds, admitted in [(0.0, 4), (0.1, 3), (0.2, 2), (0.4, 1), (60.0, 1)]:
        for _ in range(3):
            lag.observe(seconds)
        for priority in Priority:
            with bind_priority(priority):
                if priority < admitted:
                    assert await shedder.execute(returning(42)) == 42
                else:
                    with pytest.raises(Shed, match="lag"):
                        await shedder.execute(returning(42))


@in_virtual_time
async def test_a_permit_is_released_exactly_once(loop: VirtualLoop) -> None:
    """However often it is ended, and however."""
    shedder = shedder_on(loop, limit=2)
    admitted = await shedder.admit()
    other = await shedder.admit()
    admitted.finish()
    admitted.finish(was_dropped=True)
    admitted.leave()
    assert shedder.in_use == 1
    other.leave()
    assert shedder.in_use == 0


@in_virtual_time
async def test_a_stream_leaves_its_permit_to_others(loop: VirtualLoop) -> None:
    """It lasts for hours: it neither holds a permit nor tells how long requests take."""
    limit = AdaptiveLimit(LimitSettings(initial=1, least=1, least_samples=1, window_seconds=0), loop.time)
    shedder = LoadShedder("web", FEW, limit=limit, clock=loop.time)
    stream = await shedder.admit()
    stream.leave()
    await asyncio.sleep(3600)
    assert await shedder.execute(returning(42)) == 42
    stream.leave()
    assert (shedder.in_use, shedder.limit) == (0, 1)


@in_virtual_time
async def test_a_time_out_counts_as_a_drop(loop: VirtualLoop) -> None:
    """Whoever's it is: the limit falls, though there is no long time to see. Failures tell nothing."""
    limit = AdaptiveLimit(LimitSettings(least_samples=1, window_seconds=0), loop.time)
    shedder = LoadShedder("web", FEW, limit=limit, clock=loop.time)
    with pytest.raises(Failed):
        await shedder.execute(raising(Failed()))
    assert shedder.limit == 20
    with pytest.raises(TimeoutError):
        await shedder.execute(raising(TimeoutError()))
    assert shedder.limit == 18
    around = compose(Timeout("web", 0.5, clock=loop.time), shedder)
    with pytest.raises(TimeoutError):
        await around.execute(asyncio.Event().wait)
    assert shedder.limit == 16
    gone = Held(shedder)
    await asyncio.sleep(0.01)
    gone.task.cancel()
    await asyncio.sleep(0.01)
    assert (shedder.limit, shedder.in_use) == (16, 0)


class ShedderMachine(PolicyMachine):
    """Calls of all priorities begin, end and are cancelled in any order, while the limit moves."""

    def __init__(self) -> None:
        super().__init__()
        self.rank: dict[Held, Priority] = {}
        limits = LimitSettings(initial=3, least=1, most=4, least_samples=1, window_seconds=0, after_drops=0.5)
        waits = SheddingSettings(max_waiting=3, max_wait_seconds=math.inf)
        limit = AdaptiveLimit(limits, self.loop.time)
        self.policy = self.shedder = LoadShedder("web", waits, limit=limit, clock=self.loop.time)

    @rule(priority=st.sampled_from(Priority))
    def call(self, priority: Priority) -> None:
        before, in_use, limit = list(self.waiting), len(self.under_way), self.shedder.limit
        with bind_priority(priority):
            held = self.begin()
        self.rank[held] = priority
        if in_use < limit:
            assert held.is_under_way
        elif len(before) < 3:
            assert held in self.waiting
        elif priority >= max(self.rank[waiter] for waiter in before):
            assert isinstance(held.error, Shed)
        else:
            [evicted] = [waiter for waiter in before if waiter.task.done()]
            assert self.rank[evicted] == max(self.rank[waiter] for waiter in before)

    @precondition(lambda self: self.under_way)
    @rule(number=st.integers(0), how=st.sampled_from(["answer", "fail", "cancel", "time out"]))
    def end_one(self, number: int, how: str) -> None:
        held, waited = self.under_way[number % len(self.under_way)], list(self.waiting)
        if how == "time out":
            held.fail(TimeoutError())
            self.loop.settle()
            self.sort()
        else:
            self.end(held, how)
        let_in = [waiter for waiter in waited if waiter.is_under_way]
        assert all(self.rank[one] <= self.rank[other] for one in let_in for other in self.waiting)

    @precondition(lambda self: self.waiting)
    @rule(number=st.integers(0))
    def cancel_a_waiter(self, number: int) -> None:
        self.end(self.waiting[number % len(self.waiting)], "cancel")

    @precondition(lambda self: self.under_way and self.waiting)
    @rule(is_cancelled_first=st.booleans())
    def end_one_as_a_waiter_is_cancelled(self, is_cancelled_first: bool) -> None:
        ending, waiter = self.under_way[0], min(self.waiting, key=lambda held: self.rank[held])
        steps = [ending.answer, waiter.task.cancel]
        for step in reversed(steps) if is_cancelled_first else steps:
            step()
        self.loop.settle()
        self.sort()

    @invariant()
    def no_permit_is_lost_or_made(self) -> None:
        assert self.shedder.in_use == len(self.under_way)
        assert self.shedder.waiting == len(self.waiting)
        assert not self.waiting or len(self.under_way) >= self.shedder.limit


def test_no_order_of_events_loses_or_makes_a_permit() -> None:
    """No permit is lost or made; who waits while it can be helped matters least."""
    run_state_machine_as_test(
        ShedderMachine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None)
    )
