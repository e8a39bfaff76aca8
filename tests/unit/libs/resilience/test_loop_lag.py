"""The lag of the event loop is seen."""

import asyncio

from seawall.resilience import LoopLag
from unit.libs.resilience.virtual_time import VirtualLoop, in_virtual_time


def test_the_greatest_of_the_last_counts() -> None:
    """For half a second: ten rings."""
    lag = LoopLag()
    lag.observe(0.3)
    for _ in range(9):
        lag.observe(0.01)
    assert lag.seconds == 0.3
    lag.observe(0.02)
    assert lag.seconds == 0.02


@in_virtual_time
async def test_a_loop_that_was_held_up_is_noticed(loop: VirtualLoop) -> None:
    """What holds the loop makes the next ring late by as much; afterwards nothing goes on."""
    held_up = 0.0
    lag = LoopLag(lambda: loop.time() + held_up)
    with lag.watched():
        await asyncio.sleep(0.2)
        assert lag.seconds < 0.001
        held_up = 0.25
        await asyncio.sleep(0.1)
        assert 0.249 < lag.seconds < 0.251
        await asyncio.sleep(1)
        assert lag.seconds < 0.001
    held_up = 9.0
    await asyncio.sleep(1)
    assert lag.seconds < 0.001
