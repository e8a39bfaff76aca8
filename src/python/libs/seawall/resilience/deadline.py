"""Deadlines: how long a caller still waits, known to everything that is done for it.

Source: Google, Site Reliability Engineering, ch. 22, "Deadline propagation"; gRPC, "Deadlines".
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from seawall.resilience.attempt import CURRENT as ATTEMPT_OF_CALLER
from seawall.resilience.errors import DeadlineExceeded

T = TypeVar("T")

HOP_SECONDS = 0.005
"""What an answer needs for its way back."""
LEAST_SECONDS = 0.010
"""With less left a call is not worth making."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant of a monotonic clock. `at` and the clock are in seconds."""

    at: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> Self:
        """The deadline that is so far away."""
        return cls(clock() + seconds, clock)

    def remaining_seconds(self) -> float:
        """Negative once it is over."""
        return self.at - self.clock()

    def check(self) -> float:
        """The seconds that remain. Raises DeadlineExceeded if they are too few for any work."""
        return _enough(self.remaining_seconds())

    def for_next_hop(self) -> float:
        """The seconds that somebody else may take. Raises DeadlineExceeded if they are too few for a call."""
        return _enough(self.remaining_seconds() - HOP_SECONDS)


CURRENT: ContextVar[Deadline | None] = ContextVar("deadline", default=None)
"""For this lib alone: others ask `current_deadline()`."""


def current_deadline() -> Deadline | None:
    """The deadline of what is being worked on, or None."""
    return CURRENT.get()


@contextmanager
def bind_deadline(seconds: float, clock: Callable[[], float] = time.monotonic) -> Iterator[Deadline]:
    """Sets a deadline for the block, and for the tasks that it starts; a nearer one around it stays.

    Nothing is interrupted: what makes calls asks `current_deadline()` how long they may take.
    """
    own, parent = Deadline.after(seconds, clock), CURRENT.get()
    nearer = own if parent is None or own.at < parent.at else parent
    token = CURRENT.set(nearer)
    try:
        yield nearer
    finally:
        CURRENT.reset(token)


async def before_deadline(work: Awaitable[T]) -> T:
    """What the work returns, if that is before the current deadline.

    Raises DeadlineExceeded, and cancels the work, when it is not; at once if too little time is left.
    """
    deadline = CURRENT.get()
    if deadline is None:
        return await work
    task = asyncio.ensure_future(work)
    try:
        seconds = deadline.check()
    except DeadlineExceeded:
        task.cancel()
        raise
    try:
        async with asyncio.timeout(seconds) as timer:
            return await task
    except TimeoutError as error:
        if not timer.expired():
            raise
        raise DeadlineExceeded("the deadline passed while waiting") from error


def start_detached(work: Coroutine[Any, Any, T], name: str | None = None) -> asyncio.Task[T]:
    """A task that no caller's deadline ends: for work in the background, or shared by several callers.

    Nor is it part of a caller's attempt: it may retry by itself.
    """
    context = copy_context()
    context.run(CURRENT.set, None)
    context.run(ATTEMPT_OF_CALLER.set, None)
    return asyncio.create_task(work, name=name, context=context)


def _enough(seconds: float) -> float:
    if seconds < LEAST_SECONDS:
        raise DeadlineExceeded(f"{max(0.0, seconds) * 1000:.0f} ms are left")
    return seconds
