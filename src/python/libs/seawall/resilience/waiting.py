"""Waiting in a queue, for a bounded time and not beyond the deadline."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from seawall.resilience.deadline import current_deadline
from seawall.resilience.errors import DeadlineExceeded

T = TypeVar("T")


async def within(seconds: float, work: Awaitable[T]) -> T | None:
    """What the work returns; None, and the work cancelled, once the time is over.

    Raises DeadlineExceeded if the deadline is the nearer, when it has passed.
    """
    deadline = current_deadline()
    remaining = seconds if deadline is None else deadline.remaining_seconds()
    try:
        async with asyncio.timeout(min(seconds, remaining)) as timer:
            return await work
    except TimeoutError as error:
        if not timer.expired():
            raise
        if remaining < seconds:
            raise DeadlineExceeded("the deadline passed in the queue") from error
        return None
