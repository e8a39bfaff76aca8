"""The end of tasks that would run for ever.

Before Python 3.12 `asyncio.wait_for` loses a cancellation that comes in the moment in which it is done
(python/cpython#86296); drivers use it. A loop around such a call then never hears that it should end.
"""

import asyncio
from typing import Any

AGAIN_SECONDS = 5.0


async def end(*tasks: asyncio.Task[Any], again_seconds: float = AGAIN_SECONDS) -> None:
    """Cancels the tasks, and those that run on after `again_seconds` again, until all have ended.

    So a task has that long for its own clean-up. What they raise is forgotten. Never raises, but for the
    cancellation of the caller.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        ended, left = await asyncio.wait(left, timeout=again_seconds)
        for task in ended:
            if not task.cancelled():
                task.exception()  # asked for, so that asyncio does not log it as forgotten
