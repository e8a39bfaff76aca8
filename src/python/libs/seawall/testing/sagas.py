"""Scenarios of a saga: given a state, when this is answered, expect that to be sent.

One scenario plays on the definition alone and on the log in a database.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from seawall.extras import extra

with extra("testing"):
    from sqlalchemy import text

    from seawall.messaging import Message
    from seawall.saga import Definition, Move, SagaLog, State, Status
    from seawall.sql import Database

SAGA_ID = "saga-1"
_OVERDUE = text("UPDATE saga SET deadline = now() - interval '1 second' WHERE saga_id = :id")
_STATUS = text("SELECT status FROM saga WHERE saga_id = :id")


class Stage(Protocol):
    """Where a scenario plays. Each method returns what the saga sends then."""

    async def start(self, state: State) -> list[Message]: ...
    async def succeeded(self, step: str) -> list[Message]: ...
    async def refused(self, step: str) -> list[Message]: ...
    async def undone(self, step: str) -> list[Message]: ...
    async def time_out(self) -> list[Message]: ...
    async def status(self) -> Status: ...


Event = Callable[[Stage], Awaitable[list[Message]]]
_Scene = tuple[Event, tuple[str, ...], Status | None]


@dataclass(frozen=True)
class Scenario:
    """What happens to one saga, in its order. Immutable: a beginning may be shared by many."""

    _state: State
    _scenes: tuple[_Scene, ...] = ()
    _event: Event | None = field(default=None)

    def when(self, event: Event) -> "Scenario":
        """Something happens; `expect` says what follows."""
        return replace(self, _event=event)

    def expect(self, *sent: str, status: Status | None = None) -> "Scenario":
        """What is sent, as message ids without the saga's own: "reserve", "charge:compensate"."""
        event = self._event or (lambda stage: stage.start(self._state))
        return replace(self, _scenes=(*self._scenes, (event, sent, status)), _event=None)

    async def play(self, stage: Stage) -> None:
        """Plays it. Errors: AssertionError that names the scene."""
        for number, (event, expected, status) in enumerate(self._scenes, 1):
            sent = [message.id.removeprefix(f"{SAGA_ID}:") for message in await event(stage)]
            if sent != list(expected):
                raise AssertionError(f"scene {number} sends {sent}, not {list(expected)}")
            if status is not None and (found := await stage.status()) is not status:
                raise AssertionError(f"after scene {number} the saga is {found}, not {status}")


def given(state: State) -> Scenario:
    """A saga with this state, about to start: first say what it sends."""
    return Scenario(state)


def succeeded(step: str) -> Event:
    """The step is answered: done."""
    return lambda stage: stage.succeeded(step)


def refused(step: str) -> Event:
    """The step is answered: refused."""
    return lambda stage: stage.refused(step)


def undone(step: str) -> Event:
    """The compensation of the step is answered."""
    return lambda stage: stage.undone(step)


def timed_out() -> Event:
    """What is waited for is not answered in time."""
    return lambda stage: stage.time_out()


class OnDefinition:
    """A stage without a database: the rules of the definition alone."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._at = Move(Status.RUNNING, definition.steps[0])
        self._state: State = {}
        self._attempt = 0

    async def start(self, state: State) -> list[Message]:
        self._state = state
        return self._send()

    async def succeeded(self, step: str) -> list[Message]:
        return self._answered(Status.RUNNING, step, self._definition.on_success(step))

    async def refused(self, step: str) -> list[Message]:
        return self._answered(Status.RUNNING, step, self._definition.on_failure(step))

    async def undone(self, step: str) -> list[Message]:
        return self._answered(Status.COMPENSATING, step, self._definition.on_undone(step))

    async def time_out(self) -> list[Message]:
        if self._at.status in (Status.DONE, Status.COMPENSATED):
            return []
        move = self._definition.on_timeout(self._at.status, self._at.step.name)
        if move is not None:
            return self._go(move)
        self._attempt += 1
        return self._send()

    async def status(self) -> Status:
        return self._at.status

    def _answered(self, status: Status, step: str, move: Move | None) -> list[Message]:
        waits = (self._at.status, self._at.step.name) == (status, step)
        return self._go(move) if waits and move is not None else []

    def _go(self, move: Move) -> list[Message]:
        self._at, self._attempt = move, 0
        return self._send()

    def _send(self) -> list[Message]:
        return self._definition.message(SAGA_ID, self._at, self._state, self._attempt)


class OnLog:
    """A stage on a real database with the tables of sagas: each event is a transaction."""

    def __init__(self, database: Database, definition: Definition) -> None:
        self._database = database
        self._log = SagaLog(definition)

    async def start(self, state: State) -> list[Message]:
        async with self._database.transaction() as connection:
            return await self._log.start(connection, [(SAGA_ID, state)])

    async def succeeded(self, step: str) -> list[Message]:
        async with self._database.transaction() as connection:
            return (await self._log.succeeded(connection, step, [SAGA_ID])).messages

    async def refused(self, step: str) -> list[Message]:
        async with self._database.transaction() as connection:
            return (await self._log.failed(connection, step, {SAGA_ID: "refused"})).messages

    async def undone(self, step: str) -> list[Message]:
        async with self._database.transaction() as connection:
            return (await self._log.compensated(connection, step, [SAGA_ID])).messages

    async def time_out(self) -> list[Message]:
        async with self._database.transaction() as connection:
            await connection.execute(_OVERDUE, {"id": SAGA_ID})
            messages: Sequence[Message] = (await self._log.expire(connection)).messages
            return list(messages)

    async def status(self) -> Status:
        async with self._database.connection() as connection:
            return Status((await connection.execute(_STATUS, {"id": SAGA_ID})).scalar_one())
