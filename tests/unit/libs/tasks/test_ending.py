"""Tasks are ended, whatever loses a cancellation on the way."""

import asyncio
import logging
from contextlib import suppress

from seawall.tasks import end


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_task_that_runs_for_ever_is_ended() -> None:
    """And one that was done before is left alone."""
    running, done = asyncio.create_task(for_ever()), asyncio.create_task(asyncio.sleep(0))
    await done
    await end(running, done)
    assert running.cancelled()
    assert not done.cancelled()


async def test_a_cancellation_that_is_lost_is_repeated() -> None:
    """As wait_for loses one: what it waited for was done in the same moment."""
    lost = 0

    async def follows() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if lost == 3:
                    raise
                lost += 1

    task = asyncio.create_task(follows())
    await asyncio.sleep(0)
    await end(task, again_seconds=0.01)
    assert (task.cancelled(), lost) == (True, 3)


async def test_one_that_wait_for_made_deaf_is_ended() -> None:
    """The real thing: the future is done, and the task cancelled, before its wait_for goes on."""
    news: list[asyncio.Future[None]] = []

    async def follows() -> None:
        while True:
            news.append(asyncio.get_running_loop().create_future())
            await asyncio.wait_for(news[-1], 60)

    task = asyncio.create_task(follows())
    await asyncio.sleep(0)
    news[-1].set_result(None)
    await end(task, again_seconds=0.01)
    assert task.done()


async def test_a_task_has_time_for_its_clean_up() -> None:
    """It is not cancelled again before that is over."""
    cleaned = False

    async def works() -> None:
        nonlocal cleaned
        try:
            await for_ever()
        finally:
            await asyncio.sleep(0.05)
            cleaned = True

    task = asyncio.create_task(works())
    await asyncio.sleep(0)
    await end(task)
    assert cleaned


async def test_what_a_task_raises_is_forgotten(caplog) -> None:
    """Nobody is told, and the others are ended."""
    caplog.set_level(logging.ERROR)

    async def fails() -> None:
        with suppress(asyncio.CancelledError):
            await for_ever()
        raise ConnectionError("gone already")

    tasks = [asyncio.create_task(fails()), asyncio.create_task(for_ever())]
    await asyncio.sleep(0)
    await end(*tasks)
    assert all(task.done() for task in tasks)
    del tasks
    await asyncio.sleep(0)
    assert caplog.records == []


async def test_nobody_to_end_is_no_error() -> None:
    """A list of none."""
    await end()
