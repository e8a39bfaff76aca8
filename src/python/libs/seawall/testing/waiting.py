"""Waiting for what becomes true in the background, without fixed sleeps."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

_FIRST_PAUSE_SECONDS = 0.005
_LONGEST_PAUSE_SECONDS = 0.1


async def until(check: Callable[[], Any], timeout_seconds: float = 10.0) -> Any:
    """Calls `check`, which may be a coroutine function, until it returns something true; returns that.

    Errors: AssertionError after `timeout_seconds`, with the last value that was seen.
    An exception of `check` passes through at once.
    """
    give_up_at = time.monotonic() + timeout_seconds
    pause_seconds = _FIRST_PAUSE_SECONDS
    while True:
        value = await _value_of(check)
        if value:
            return value
        if time.monotonic() >= give_up_at:
            raise AssertionError(f"not true after {timeout_seconds} s; last value: {value!r}")
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)


async def _value_of(check: Callable[[], Any]) -> Any:
    value = check()
    return await value if inspect.isawaitable(value) else value
