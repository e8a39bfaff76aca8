"""The lag of the event loop is seen."""

import asyncio

from seawall.resilience import LoopLag
from unit.libs.resilience.virtual_time import VirtualLoop, in_virtual_time


def test_one_pause_is_no_overload() -> None:
    """An import or a collection holds the loop up once; what lags time after time is told."""
    lag = LoopLag()
    lag.observe(0.9)
    assert lag.seconds == 0.0
    lag.observe(0.3)
    assert lag.seconds == 0.3
    for _ in range(2):
        lag.observe(0.01)
    assert lag.seconds == 0.01


@in_virtual_time
async def test_a_loop_that_is_held_up_again_and_again_is_noticed(loop: VirtualLoop) -> None:
    """What holds the loop makes its rings late by as much; afterwards nothing goes on."""
    held_up = 0.0
    lag = LoopLag(lambda: loop.time() + held_up)
    with lag.watched():
        await asyncio.sleep(0.2)
        assert lag.seconds < 0.001
        for _ in range(2):
            held_up += 0.25
            await asyncio.sleep(0.05)
        assert 0.249 < lag.seconds < 0.251
        await asyncio.sleep(1)
        assert lag.seconds < 0.001
    held_up = 9.0
    await asyncio.sleep(1)
    assert lag.seconds < 0.001
