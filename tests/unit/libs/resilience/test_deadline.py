"""Deadlines: the nearer one counts, too little time makes no call, shared work has none."""

import asyncio

import pytest

from seawall.resilience import (
    HOP_SECONDS,
    LEAST_SECONDS,
    Deadline,
    DeadlineExceeded,
    before_deadline,
    bind_deadline,
    current_deadline,
    start_detached,
)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def remaining() -> float | None:
    deadline = current_deadline()
    return None if deadline is None else deadline.remaining_seconds()


async def remaining_later() -> float | None:
    return remaining()


def test_the_nearer_of_parent_and_own_counts() -> None:
    """A block can shorten its caller's time, never lengthen it; after it the caller's is back."""
    clock = Clock()
    with bind_deadline(2, clock):
        with bind_deadline(1, clock):
            assert remaining() == 1
        with bind_deadline(30, clock):
            assert remaining() == 2
        clock.now += 0.5
        assert remaining() == 1.5
    assert current_deadline() is None


def test_a_hop_costs_time() -> None:
    """Somebody else may take what remains less the way back."""
    deadline = Deadline.after(1, Clock())
    assert deadline.for_next_hop() == 1 - HOP_SECONDS


@pytest.mark.parametrize("left", [LEAST_SECONDS + HOP_SECONDS - 0.001, 0.0, -5.0])
def test_with_too_little_time_no_call_is_made(left: float) -> None:
    """Also when the deadline has long passed."""
    with pytest.raises(DeadlineExceeded, match=r"\d+ ms are left"):
        Deadline.after(left, Clock()).for_next_hop()


async def test_tasks_of_a_request_inherit_its_deadline_and_detached_ones_do_not() -> None:
    """What is shared or goes on in the background ends at nobody's deadline."""
    clock = Clock()
    with bind_deadline(1, clock):
        inherited = asyncio.create_task(remaining_later())
        detached = start_detached(remaining_later())
        assert (await inherited, await detached, remaining()) == (1, None, 1)


async def test_waiting_ends_at_the_deadline() -> None:
    """The work is cancelled, so that nobody does what nobody waits for."""
    work: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    with bind_deadline(LEAST_SECONDS * 2), pytest.raises(DeadlineExceeded):
        await before_deadline(work)
    assert work.cancelled()


async def test_what_is_over_is_not_waited_for() -> None:
    """Expired while it was queued: the work is not begun."""
    begun = False

    async def work() -> None:
        nonlocal begun
        begun = True

    with bind_deadline(0), pytest.raises(DeadlineExceeded):
        await before_deadline(work())
    await asyncio.sleep(0)
    assert not begun


async def test_a_time_out_of_the_work_itself_stays_what_it_is() -> None:
    """Only the deadline's own end is DeadlineExceeded."""

    async def work() -> None:
        raise TimeoutError("of the work")

    with bind_deadline(60), pytest.raises(TimeoutError, match="of the work"):
        await before_deadline(work())


async def test_without_a_deadline_work_may_take_its_time() -> None:
    """Nothing is bounded by accident."""
    assert await before_deadline(asyncio.sleep(0, "done")) == "done"
