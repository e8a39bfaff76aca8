"""Statements end when whoever asked for them stops waiting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.resilience import Deadline, DeadlineExceeded, current_deadline
from seawall.sql.statement import Statement

# The server ends a statement first, which leaves its connection clean; this is for what does not end so.
GRACE_SECONDS = 0.05
# A statement of its own costs more than a tenth of a limit is worth.
_NEAR = 0.9
_QUERY_CANCELED = "57014"
_LIMIT = Statement("SELECT set_config('statement_timeout', :milliseconds, true)")


def nearer_deadline(usual_seconds: float) -> Deadline | None:
    """The current deadline, where it is nearer than the usual limit of a statement.

    Raises DeadlineExceeded if too little time is left for a statement.
    """
    deadline = current_deadline()
    if deadline is None or deadline.for_next_hop() >= usual_seconds:
        return None
    return deadline


def is_worth_a_limit(deadline: Deadline, usual_seconds: float) -> bool:
    """Whether the server should be told of the deadline: where its usual limit is as near, it is not."""
    return deadline.for_next_hop() < _NEAR * usual_seconds


@asynccontextmanager
async def in_time(
    deadline: Deadline, block: AbstractAsyncContextManager[AsyncConnection], *, limited: bool
) -> AsyncIterator[AsyncConnection]:
    """A block that ends by the deadline, the wait for its connection included.

    `limited`: it is a transaction, and the server ends its statements by then. The limit is the
    transaction's own: its connection goes back to the pool without it.
    """
    try:
        async with asyncio.timeout(deadline.check() + GRACE_SECONDS) as timer, block as connection:
            if limited:
                milliseconds = str(round(deadline.for_next_hop() * 1000))
                await _LIMIT.fetch(connection, {"milliseconds": milliseconds})
            yield connection
    except TimeoutError as error:
        if not timer.expired():
            raise
        raise DeadlineExceeded("a transaction was cut off at the deadline") from error
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _QUERY_CANCELED:
            raise
        raise DeadlineExceeded("a statement was ended at the deadline") from error
