"""Timeout: a limit of its own, joined with the deadline of the caller."""

import asyncio
import contextlib

import pytest

from seawall.resilience import DeadlineExceeded, TimedOut, Timeout, bind_deadline, current_deadline
from unit.libs.resilience.calls import Held, raising, returning
from unit.libs.resilience.virtual_time import VirtualLoop, in_virtual_time


async def for_ever() -> None:
    await asyncio.Event().wait()


@in_virtual_time
async def test_a_call_that_takes_too_long_is_ended(loop: VirtualLoop) -> None:
    """TimedOut at the limit, up to 5 ms late and never early; the call is cancelled."""
    began_at = loop.time()
    with pytest.raises(TimedOut):
        await Timeout("db", 0.2, clock=loop.time).execute(for_ever)
    assert 0.2 <= loop.time() - began_at <= 0.2051


@in_virtual_time
async def test_the_nearer_of_limit_and_deadline_ends_it(loop: VirtualLoop) -> None:
    """With the caller's deadline nearer it is DeadlineExceeded: nobody waits for another attempt."""
    with bind_deadline(0.1, loop.time):
        with pytest.raises(DeadlineExceeded):
            await Timeout("db", 0.2, clock=loop.time).execute(for_ever)
    with bind_deadline(0.2, loop.time):
        with pytest.raises(TimedOut):
            await Timeout("db", 0.1, clock=loop.time).execute(for_ever)


@in_virtual_time
async def test_the_call_sees_the_limit_as_its_deadline(loop: VirtualLoop) -> None:
    """So that what it calls in turn is told how long it may take; afterwards the caller's is back."""

    async def remaining() -> float:
        deadline = current_deadline()
        assert deadline is not None
        return deadline.remaining_seconds()

    with bind_deadline(5, loop.time):
        assert await Timeout("db", 2, clock=loop.time).execute(remaining) == 2
        assert await Timeout("db", 9, clock=loop.time).execute(remaining) == 5
        assert await Timeout("db", clock=loop.time).execute(remaining) == 5
        assert await remaining() == 5
    assert current_deadline() is None


@in_virtual_time
async def test_with_too_little_time_no_call_is_made(loop: VirtualLoop) -> None:
    """Less than 10 ms are not worth a call."""
    with bind_deadline(0.009, loop.time):
        with pytest.raises(DeadlineExceeded):
            await Timeout("db", 1, clock=loop.time).execute(raising(AssertionError("called")))


@in_virtual_time
async def test_without_limit_and_deadline_the_call_takes_what_it_takes(loop: VirtualLoop) -> None:
    """A Timeout that only joins the deadline adds nothing where there is none."""
    held = Held(Timeout("db"))
    await asyncio.sleep(3600)
    held.answer(42)
    assert await held.task == 42


@in_virtual_time
async def test_an_answer_in_time_leaves_no_timer(loop: VirtualLoop) -> None:
    """What has ended is never cancelled later, however many calls there were."""
    timeout = Timeout("db", 0.05, clock=loop.time)
    for _ in range(1_000):
        assert await timeout.execute(returning(42)) == 42
    await asyncio.sleep(1)


@in_virtual_time
async def test_somebody_elses_cancellation_goes_on(loop: VirtualLoop) -> None:
    """Cancelled from outside it raises CancelledError, and cancels the call."""
    held = Held(Timeout("db", 1, clock=loop.time))
    await asyncio.sleep(0)
    held.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held.task
    assert not held.is_under_way


@in_virtual_time
async def test_cancelled_just_as_the_time_is_over_the_cancellation_wins(loop: VirtualLoop) -> None:
    """Nobody's cancellation is swallowed: not even where both come in the same turn of the loop."""
    began_at = loop.time()
    held = Held(Timeout("db", 0.5, clock=loop.time))
    await asyncio.sleep(0)
    loop.call_at(began_at + 0.5, held.task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await held.task
    assert loop.time() == began_at + 0.5


@in_virtual_time
async def test_the_outer_of_two_limits_at_once_counts_as_the_outer(loop: VirtualLoop) -> None:
    """Nested limits that end together: the inner one is not mistaken for the outer one's work."""
    outer, inner = Timeout("outer", 0.1, clock=loop.time), Timeout("inner", 0.2, clock=loop.time)
    with pytest.raises(TimedOut, match="outer"):
        await outer.execute(lambda: inner.execute(for_ever))
    with pytest.raises(TimedOut, match="inner"):
        await inner.execute(lambda: Timeout("late", 5, clock=loop.time).execute(for_ever))


@in_virtual_time
async def test_a_call_that_defends_itself_keeps_its_task_clean(loop: VirtualLoop) -> None:
    """An answer in spite of the cancellation is the answer; the task can be cancelled again afterwards."""

    async def stubborn() -> int:
        with contextlib.suppress(asyncio.CancelledError):
            await for_ever()
        return 42

    assert await Timeout("db", 0.1, clock=loop.time).execute(stubborn) == 42
    task = asyncio.current_task()
    assert task is not None and task.cancelling() == 0


@in_virtual_time
async def test_many_timers_of_different_lengths_all_ring(loop: VirtualLoop) -> None:
    """A nearer one that comes later is not missed."""
    began_at = loop.time()
    ended: list[float] = []

    async def one(seconds: float) -> None:
        with pytest.raises(TimedOut):
            await Timeout("db", seconds, clock=loop.time).execute(for_ever)
        ended.append(loop.time() - began_at)

    lengths = [0.5, 0.3, 0.301, 0.1, 0.4]
    await asyncio.gather(*(one(seconds) for seconds in lengths))
    late = [end - seconds for end, seconds in zip(ended, sorted(lengths), strict=True)]
    assert all(-1e-9 <= seconds <= 0.0051 for seconds in late)
