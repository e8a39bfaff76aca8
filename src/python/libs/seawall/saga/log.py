"""The log of sagas: where each one stands, durable, moved in batches inside the caller's transaction."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.messaging import Message
from seawall.saga import metrics
from seawall.saga.definition import Definition, Move, State, Status
from seawall.saga.statements import ADVANCE, DUE, FAIL, FINISH, GIVE_UP, INSIST, LATE, PURGE, START, UNDO
from seawall.sql import Database, Row, purge

# A compensation that is not answered so often is told as an error, and at each repetition from then on.
ALARM_ATTEMPTS = 3

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Advance:
    """The sagas that a reply moved, and the messages to put into the outbox."""

    moved: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


@dataclass(frozen=True)
class Expired:
    """The sagas that were given up, with the step that was not answered, and the messages to send."""

    ids_with_step: dict[str, str] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)


class SagaLog:
    """Moves the sagas of one definition. Every method works within the connection's transaction.

    The caller puts the returned messages into the outbox of the same transaction: then a crash at any
    instant leaves a saga before or after a move, and any replica goes on with it.
    """

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    async def start(self, connection: AsyncConnection, sagas: Sequence[tuple[str, State]]) -> list[Message]:
        """Starts sagas. Returns their first commands. An id that is taken is an IntegrityError."""
        parameters, commands = self.starting(sagas)
        await START.fetch(connection, parameters)
        return commands

    def starting(self, sagas: Sequence[tuple[str, State]]) -> tuple[dict[str, object], list[Message]]:
        """The parameters of started(), and the first commands, for a statement of the caller's own."""
        first = Move(Status.RUNNING, self._definition.steps[0])
        parameters: dict[str, object] = {
            "saga_definition": self._definition.name,
            "saga_step": first.step.name,
            "saga_timeout_seconds": first.step.timeout_seconds,
            "saga_ids": [saga_id for saga_id, _ in sagas],
            "saga_states": [msgspec.json.encode(state).decode() for _, state in sagas],
        }
        return parameters, [
            m for saga_id, state in sagas for m in self._definition.message(saga_id, first, state)
        ]

    async def succeeded(self, connection: AsyncConnection, step: str, saga_ids: Sequence[str]) -> Advance:
        """The step has been done. Sagas that do not wait for it (any more) are left out."""
        move = self._definition.on_success(step)
        parameters = self._to(step, move, saga_ids)
        statement = FINISH if move.status is Status.DONE else ADVANCE
        return self._moved(move, await statement.fetch(connection, parameters), len(saga_ids))

    async def failed(self, connection: AsyncConnection, step: str, reasons: Mapping[str, str]) -> Advance:
        """The step was refused: the steps before it are undone, the last one first.

        After the pivot a refusal changes nothing: the command will be sent again at its time-out.
        """
        move = self._definition.on_failure(step)
        if move is None:
            return Advance()
        parameters = self._to(step, move, list(reasons)) | {"reasons": list(reasons.values())}
        return self._moved(move, await FAIL.fetch(connection, parameters), len(reasons))

    async def compensated(self, connection: AsyncConnection, step: str, saga_ids: Sequence[str]) -> Advance:
        """The step has been undone: the one before it is next. Sagas that wait for something else stay."""
        move = self._definition.on_undone(step)
        rows = await UNDO.fetch(connection, self._to(step, move, saga_ids))
        return self._moved(move, rows, len(saga_ids))

    async def expire(self, connection: AsyncConnection, limit: int = 100) -> Expired:
        """Handles what was not answered in time: a step up to the pivot is undone, all else is sent again.

        The outcome of such a step is unknown, so its own compensation is sent too.
        """
        parameters = {"definition": self._definition.name, "limit": limit}
        given_up: dict[str, tuple[Move, str]] = {}
        again: dict[str, float] = {}
        messages: list[Message] = []
        for row in (await connection.execute(DUE, parameters)).all():
            status, state = Status(row.status), _state(row.state)
            move = self._definition.on_timeout(status, row.step)
            if move is not None:
                given_up[row.saga_id] = (move, row.step)
                messages += self._definition.message(row.saga_id, move, state)
                continue
            same = Move(status, self._definition.step(row.step))
            again[row.saga_id] = same.step.timeout_seconds
            messages += self._definition.message(row.saga_id, same, state, row.attempt + 1)
            self._tell_repetition(row.saga_id, same, row.attempt + 1)
        await self._give_up(connection, {saga_id: move for saga_id, (move, _) in given_up.items()})
        if again:
            await connection.execute(INSIST, {"ids": list(again), "timeouts": list(again.values())})
        return Expired({saga_id: step for saga_id, (_, step) in given_up.items()}, messages)

    async def purge(self, database: Database, older_than_seconds: float) -> int:
        """Deletes sagas that ended that long ago, in small transactions. Returns how many."""
        parameters = {"definition": self._definition.name, "older_than_seconds": older_than_seconds}
        return await purge(database, PURGE, parameters)

    async def late(self, database: Database, step: str, share: float, *, limit: int) -> int:
        """How many sagas have waited for a step for this share of its time-out, counted to the limit."""
        seconds_left = self._definition.step(step).timeout_seconds * (1 - share)
        parameters = {
            "definition": self._definition.name,
            "step": step,
            "seconds_left": seconds_left,
            "limit": limit,
        }
        async with database.connection() as connection:
            return int((await connection.execute(LATE, parameters)).scalar_one())

    async def measure(self, database: Database, stuck_seconds: float = metrics.STUCK_SECONDS) -> None:
        """Sets the gauges of the sagas that have not ended; reads these only."""
        await metrics.measure(database, self._definition.name, stuck_seconds)

    async def _give_up(self, connection: AsyncConnection, moves: Mapping[str, Move]) -> None:
        if not moves:
            return
        parameters = {
            "ids": list(moves),
            "statuses": [move.status.value for move in moves.values()],
            "steps": [move.step.name for move in moves.values()],
            "timeouts": [move.step.timeout_seconds for move in moves.values()],
        }
        await connection.execute(GIVE_UP, parameters)
        for move in moves.values():
            self._count_end(move, 1)

    def _to(self, step: str, move: Move, saga_ids: Sequence[str]) -> dict[str, Any]:
        return {
            "definition": self._definition.name,
            "step": step,
            "ids": list(saga_ids),
            "status": move.status.value,
            "next": move.step.name,
            "timeout_seconds": move.step.timeout_seconds,
        }

    def _moved(self, move: Move, rows: Sequence[Row], asked: int) -> Advance:
        self._count_end(move, len(rows))
        if asked > len(rows):
            metrics.IGNORED.labels(self._definition.name).inc(asked - len(rows))
        messages = [
            message
            for row in rows
            for message in self._definition.message(row["saga_id"], move, _state(row["state"]))
        ]
        return Advance([row["saga_id"] for row in rows], messages)

    def _count_end(self, move: Move, count: int) -> None:
        if move.status in (Status.DONE, Status.COMPENSATED):
            metrics.ENDED.labels(self._definition.name, move.status.value).inc(count)

    def _tell_repetition(self, saga_id: str, move: Move, attempt: int) -> None:
        undoing = move.status is Status.COMPENSATING
        counter = metrics.UNDONE_AGAIN if undoing else metrics.REPEATED
        counter.labels(self._definition.name, move.step.name).inc()
        if undoing and attempt >= ALARM_ATTEMPTS:
            where = {"saga": saga_id, "step": move.step.name, "attempt": attempt}
            _log.error("a compensation is not answered, it is sent again for ever", extra=where)


def _state(text: str) -> State:
    return msgspec.json.decode(text, type=State)
