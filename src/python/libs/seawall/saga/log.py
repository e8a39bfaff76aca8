"""The log of sagas: where each one stands, durable, moved in batches inside the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from prometheus_client import Counter, Gauge
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.messaging import Message
from seawall.saga.definition import Definition, State
from seawall.saga.statements import ADVANCE, AGES, DUE, FAIL, FINISH, GIVE_UP, INSIST, LATE, PURGE, START
from seawall.sql import Database, purge

# Longer than all steps of any saga of ours may take together.
STUCK_SECONDS = 300.0

_ENDED = Counter("seawall_sagas_ended_total", "Sagas that ended", ["definition", "status"])
_INSISTED = Counter("seawall_saga_commands_repeated_total", "Commands sent again", ["definition", "step"])
_IGNORED = Counter("seawall_saga_replies_ignored_total", "Replies that were late or repeated", ["definition"])
_RUNNING = Gauge("seawall_sagas_running", "Sagas that have not ended, counted to 100,000", ["definition"])
_OLDEST = Gauge("seawall_saga_oldest_seconds", "Age of the oldest saga that has not ended", ["definition"])
_STUCK = Gauge("seawall_sagas_stuck", "Sagas that run for longer than they ever should", ["definition"])


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
        first = self._definition.steps[0]
        parameters = {
            "definition": self._definition.name,
            "step": first.name,
            "timeout_seconds": first.timeout_seconds,
            "ids": [saga_id for saga_id, _ in sagas],
            "states": [msgspec.json.encode(state).decode() for _, state in sagas],
        }
        await START.fetch(connection, parameters)
        return [m for saga_id, state in sagas for m in self._definition.commands(saga_id, first, state)]

    async def succeeded(self, connection: AsyncConnection, step: str, saga_ids: Sequence[str]) -> Advance:
        """The step has been done. Sagas that do not wait for it (any more) are left out."""
        following = self._definition.after(step)
        parameters: dict[str, Any] = {
            "definition": self._definition.name,
            "step": step,
            "ids": list(saga_ids),
        }
        if following is None:
            rows = await FINISH.fetch(connection, parameters)
            self._count("done", len(rows), len(saga_ids))
            return Advance([row["saga_id"] for row in rows])
        parameters |= {"next": following.name, "timeout_seconds": following.timeout_seconds}
        rows = await ADVANCE.fetch(connection, parameters)
        self._count(None, len(rows), len(saga_ids))
        commands = [
            message
            for row in rows
            for message in self._definition.commands(row["saga_id"], following, _state(row["state"]))
        ]
        return Advance([row["saga_id"] for row in rows], commands)

    async def failed(self, connection: AsyncConnection, step: str, reasons: Mapping[str, str]) -> Advance:
        """The step was refused, so nothing of it needs undoing; the steps before it are compensated.

        After the pivot a refusal changes nothing: the command will be sent again at its time-out.
        """
        if not self._definition.can_be_undone(step):
            return Advance()
        parameters = {
            "definition": self._definition.name,
            "step": step,
            "ids": list(reasons),
            "reasons": list(reasons.values()),
        }
        rows = await FAIL.fetch(connection, parameters)
        self._count("compensated", len(rows), len(reasons))
        undoing = [
            message
            for row in rows
            for message in self._definition.compensations(
                row["saga_id"], step, _state(row["state"]), itself=False
            )
        ]
        return Advance([row["saga_id"] for row in rows], undoing)

    async def expire(self, connection: AsyncConnection, limit: int = 100) -> Expired:
        """Handles steps that were not answered in time: up to the pivot by undoing them, then by insisting.

        The outcome of such a step is unknown, so its own compensation is sent too.
        """
        parameters = {"definition": self._definition.name, "limit": limit}
        rows = (await connection.execute(DUE, parameters)).all()
        given_up = [row for row in rows if self._definition.can_be_undone(row.step)]
        insisted = [row for row in rows if not self._definition.can_be_undone(row.step)]
        messages: list[Message] = []
        for row in given_up:
            state = _state(row.state)
            messages += self._definition.compensations(row.saga_id, row.step, state, itself=True)
        if given_up:
            await connection.execute(GIVE_UP, {"ids": [row.saga_id for row in given_up]})
            self._count("compensated", len(given_up), len(given_up))
        for row in insisted:
            step = self._definition.step(row.step)
            _INSISTED.labels(self._definition.name, step.name).inc()
            state = _state(row.state)
            messages += self._definition.commands(row.saga_id, step, state, row.attempt + 1)
        await self._insist(connection, [(row.saga_id, row.step) for row in insisted])
        return Expired({row.saga_id: row.step for row in given_up}, messages)

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

    async def measure(self, database: Database, stuck_seconds: float = STUCK_SECONDS) -> None:
        """Sets the gauges of the sagas that have not ended; reads these only."""
        parameters = {"definition": self._definition.name, "stuck_seconds": stuck_seconds}
        async with database.connection() as connection:
            ages = (await connection.execute(AGES, parameters)).one()
        _RUNNING.labels(self._definition.name).set(ages.running)
        _OLDEST.labels(self._definition.name).set(float(ages.oldest_seconds))
        _STUCK.labels(self._definition.name).set(ages.stuck)

    async def _insist(self, connection: AsyncConnection, waiting: Iterable[tuple[str, str]]) -> None:
        timeouts = {saga_id: self._definition.step(step).timeout_seconds for saga_id, step in waiting}
        if timeouts:
            await connection.execute(INSIST, {"ids": list(timeouts), "timeouts": list(timeouts.values())})

    def _count(self, status: str | None, moved: int, asked: int) -> None:
        if status is not None:
            _ENDED.labels(self._definition.name, status).inc(moved)
        if asked > moved:
            _IGNORED.labels(self._definition.name).inc(asked - moved)


def _state(text: str) -> State:
    return msgspec.json.decode(text, type=State)
