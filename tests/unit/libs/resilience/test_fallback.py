"""Fallbacks: a value, what was good last, or the error."""

import asyncio

import pytest

from seawall.resilience import CircuitOpen, DeadlineExceeded, Fallback, LastGood, TimedOut, value
from unit.libs.resilience.calls import Failed, Held, raising, returning


class NotFound(Exception):
    status = 404


OUTAGES = [CircuitOpen("db", 1), TimedOut(), DeadlineExceeded(), ConnectionResetError(), Failed()]


@pytest.mark.parametrize("error", OUTAGES)
async def test_a_value_stands_in(error: Exception) -> None:
    """Where there is no answer."""
    assert await Fallback("prices", value(42)).execute(raising(error)) == 42


async def test_an_answer_is_not_replaced() -> None:
    """A good one, or a 4xx: that is the caller's to know."""
    fallback = Fallback("prices", value(42))
    assert await fallback.execute(returning(7)) == 7
    with pytest.raises(NotFound):
        await fallback.execute(raising(NotFound()))


async def test_a_function_may_find_another_answer() -> None:
    """It is told the error, and may raise it."""

    async def cached(error: Exception) -> str:
        if isinstance(error, Failed):
            raise error
        return f"cached, for {error!r}"

    fallback = Fallback("prices", cached)
    assert "TimedOut" in await fallback.execute(raising(TimedOut()))
    with pytest.raises(Failed):
        await fallback.execute(raising(Failed()))


async def test_the_last_good_answer_stands_in_while_it_is_fresh() -> None:
    """After that, and before there is any, the error is told."""
    now = 0.0
    last_good = LastGood("prices", 60, clock=lambda: now)
    with pytest.raises(Failed):
        await last_good.execute(raising(Failed()))
    assert await last_good.execute(returning(42)) == 42
    now = 60.0
    assert await last_good.execute(raising(Failed())) == 42
    now = 60.1
    with pytest.raises(Failed):
        await last_good.execute(raising(Failed()))


async def test_a_cancelled_call_has_no_fallback() -> None:
    """Nobody waits for one."""
    held = Held(Fallback("prices", value(42)))
    await asyncio.sleep(0)
    held.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held.task
