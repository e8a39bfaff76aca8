"""Waiting for what becomes true in the background, without fixed sleeps."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_FIRST_PAUSE_SECONDS = 0.005
_LONGEST_PAUSE_SECONDS = 0.1


async def until(check: Callable[[], Awaitable[T] | T], timeout_seconds: float = 10.0) -> T:
    """Calls `check` until it returns something true, and returns that.

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


async def _value_of(check: Callable[[], Awaitable[T] | T]) -> T:
    value = check()
    if inspect.isawaitable(value):
        awaited: T = await value
        return awaited
    return value
