"""`seawall.resilience`: what a policy adds to a call that answers at once."""

from contextlib import asynccontextmanager
from functools import partial

from seawall.resilience import before_deadline, bind_deadline
from tools.libbench.comparison import Beside, Comparison, Opened, one_by_one


async def answer() -> int:
    """The call: nothing but a frame."""
    return 42


async def in_time() -> int:
    """The same, ended at the current deadline."""
    return await before_deadline(answer())


async def _with_deadline(operations: int) -> None:
    with bind_deadline(3600):
        await one_by_one(in_time, operations)


@asynccontextmanager
async def suite() -> Opened:
    """Needs nothing."""
    bare = partial(one_by_one, answer)
    yield [
        Comparison("a call with a deadline", _with_deadline, {"bare await": bare}, Beside.ADDED),
    ]
