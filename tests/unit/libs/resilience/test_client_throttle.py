"""The client throttle: the more is refused, the less is sent."""

import asyncio

import pytest

from seawall.resilience import BulkheadFull, ClientThrottle, Throttled
from unit.libs.resilience.calls import Held, raising, returning


class Refusal(Exception):
    status = 503


class Dice:
    """Numbers from 0 to 1 in a row, evenly: a share of them is below that share."""

    def __init__(self) -> None:
        self._at = 0

    def __call__(self) -> float:
        self._at = (self._at + 37) % 100
        return self._at / 100


async def share_sent(throttle: ClientThrottle, calls: int, error: Exception | None = None) -> float:
    sent = 0
    for _ in range(calls):
        call = raising(error) if error else returning(42)
        outcomes = await asyncio.gather(throttle.execute(call), return_exceptions=True)
        sent += not isinstance(outcomes[0], Throttled)
    return sent / calls


async def test_while_half_is_accepted_all_is_sent() -> None:
    """With a multiplier of two, one refusal for each acceptance holds nothing back."""
    throttle = ClientThrottle("db", clock=lambda: 0.0, uniform=Dice())
    for _ in range(100):
        assert await share_sent(throttle, 1) == 1
        assert await share_sent(throttle, 1, Refusal()) == 1


async def test_when_all_is_refused_a_tenth_is_sent() -> None:
    """At most nine in ten are held back: so it is noticed when the other side is back."""
    throttle = ClientThrottle("db", clock=lambda: 0.0, uniform=Dice())
    await share_sent(throttle, 200, Refusal())
    assert throttle.share == 0.9
    assert await share_sent(throttle, 1_000, Refusal()) == pytest.approx(0.1, abs=0.02)


async def test_it_recovers_when_calls_are_accepted_again() -> None:
    """Within a few minutes: the tenth that is sent shows it."""
    now = 0.0
    throttle = ClientThrottle("db", clock=lambda: now, uniform=Dice())
    await share_sent(throttle, 500, Refusal())
    for _ in range(180):
        now += 1
        await share_sent(throttle, 20)
    assert throttle.share == 0


async def test_what_never_came_there_or_was_cancelled_does_not_count() -> None:
    """Neither as refused nor as accepted; an error that is an answer is an acceptance."""
    throttle = ClientThrottle("db", clock=lambda: 0.0, uniform=Dice())
    await share_sent(throttle, 10, Refusal())
    before = throttle.share
    await share_sent(throttle, 1, BulkheadFull("db", "full"))
    for _ in range(5):
        held = Held(throttle)
        await asyncio.sleep(0)
        held.task.cancel()
        await asyncio.gather(held.task, return_exceptions=True)
    assert 0 < throttle.share <= max(before, 0.9)
    quiet = ClientThrottle("db", clock=lambda: 0.0, uniform=Dice())
    assert await share_sent(quiet, 100, ValueError()) == 1
