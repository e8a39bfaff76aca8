"""An orchestrator that stops at one point of one move and says so, to be killed there.

`python victim.py MOVE POINT DATABASE_URL`
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from contract.saga.book import checkout
from seawall.messaging import Message, Outbox
from seawall.saga import SagaLog
from seawall.sql import Database, open_database
from seawall.testing.victims import tell_that_it_stops

SAGA = "a"
POINTS = ("before work", "before commit", "after commit")

Act = Callable[[SagaLog, AsyncConnection], Awaitable[list[Message]]]
Stop = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Move:
    """A move of the orchestrator: what was moved before, what it does, and the one message of it."""

    before: tuple[str, ...]
    act: Act
    sends: str | None = None


async def _start(log: SagaLog, connection: AsyncConnection) -> list[Message]:
    return await log.start(connection, [(SAGA, {"order_id": SAGA})])


def _succeeded(step: str) -> Act:
    async def act(log: SagaLog, connection: AsyncConnection) -> list[Message]:
        return (await log.succeeded(connection, step, [SAGA])).messages

    return act


def _compensated(step: str) -> Act:
    async def act(log: SagaLog, connection: AsyncConnection) -> list[Message]:
        return (await log.compensated(connection, step, [SAGA])).messages

    return act


async def _refused(log: SagaLog, connection: AsyncConnection) -> list[Message]:
    return (await log.failed(connection, "charge", {SAGA: "declined"})).messages


async def _expire(log: SagaLog, connection: AsyncConnection) -> list[Message]:
    return (await log.expire(connection)).messages


_RESERVED = ("start", "reserved")
_UNDOING = (*_RESERVED, "timed out")
MOVES = {
    "start": Move((), _start, "a:reserve"),
    "reserved": Move(("start",), _succeeded("reserve"), "a:charge"),
    "charged": Move(_RESERVED, _succeeded("charge"), "a:commit"),
    "committed": Move((*_RESERVED, "charged"), _succeeded("commit")),
    "refused": Move(_RESERVED, _refused, "a:reserve:compensate"),
    "timed out": Move(_RESERVED, _expire, "a:charge:compensate"),
    "voided": Move(_UNDOING, _compensated("charge"), "a:reserve:compensate"),
    "released": Move((*_UNDOING, "voided"), _compensated("reserve")),
}


async def _never(_: str) -> None:
    return None


async def make(name: str, database: Database, stop: Stop = _never) -> None:
    """Makes one move, as a service does: the log and the outbox in one transaction."""
    await stop("before work")
    async with database.transaction() as connection:
        await Outbox().add(connection, await MOVES[name].act(checkout(charge_timeout=0), connection))
        await stop("before commit")
    await stop("after commit")


async def main(name: str, point: str, database_url: str) -> None:
    async def stop(at: str) -> None:
        if at == point:
            tell_that_it_stops()
            await asyncio.Event().wait()

    async with open_database(database_url) as database:
        await make(name, database, stop)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
