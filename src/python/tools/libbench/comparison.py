"""What a lib's bench says: contenders that do the same work, and how they are set beside each other."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import Enum

Run = Callable[[int], Awaitable[object]]
"""Does that many operations, one after another or side by side."""


class Beside(Enum):
    """How ours is set beside another contender, in the same round."""

    ADDED = "added"
    """Microseconds that an operation of ours takes more than one of theirs."""
    TIMES = "times"
    """Their time over our time: above 1, ours is faster."""


@dataclass(frozen=True)
class Comparison:
    """One piece of work, done by `ours` and by each of `others`.

    `target` is in words, of ours beside the others, as measures.md has it.
    """

    what: str
    ours: Run
    others: Mapping[str, Run]
    beside: Beside = Beside.TIMES
    target: str = ""


Suite = Callable[[], AbstractAsyncContextManager[list[Comparison]]]
"""A lib's bench: opens what it needs (a server, a client), yields its comparisons, and closes it."""

Opened = AsyncIterator[list[Comparison]]
"""What a function under `asynccontextmanager` returns to be a Suite."""


async def one_by_one(call: Callable[[], Awaitable[object]], operations: int) -> None:
    """The common Run: one call after another. Use it as `partial(one_by_one, call)`."""
    for _ in range(operations):
        await call()
