"""What a saga consists of, and where it goes from each step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from msgspec.structs import replace

from seawall.messaging import Message

# What the commands are made from; JSON types, since it is kept with the saga.
State = dict[str, Any]
Command = Callable[[State], Message]


class Status(StrEnum):
    """RUNNING ends as DONE, or goes over COMPENSATING to COMPENSATED."""

    RUNNING = "running"
    COMPENSATING = "compensating"
    DONE = "done"
    COMPENSATED = "compensated"


@dataclass(frozen=True)
class Step:
    """A command to a service, and the command that undoes it; both are answered.

    The receiver must be idempotent, take a compensation before its command, and then refuse the command.
    """

    name: str
    command: Command
    compensation: Command | None = None
    timeout_seconds: float = 30.0
    pivot: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """Where a saga goes. While it has not ended it sends the step's command, or what undoes the step."""

    status: Status
    step: Step


class Definition:
    """The steps of a saga, in their order, with at most one pivot.

    Until the pivot has succeeded, a failure or a time-out undoes the steps before it: one after the other,
    in reverse, each repeated until it is answered. After the pivot there is no way back: a command that is
    not answered in time is sent again, for ever. Source: Garcia-Molina and Salem, "Sagas", 1987.
    """

    def __init__(self, name: str, steps: Sequence[Step]) -> None:
        if not steps:
            raise ValueError(f"saga {name} has no steps")
        names = [step.name for step in steps]
        if len(set(names)) < len(names):
            raise ValueError(f"saga {name} has two steps of one name")
        pivots = [index for index, step in enumerate(steps) if step.pivot]
        if len(pivots) > 1:
            raise ValueError(f"saga {name} has more than one pivot")
        self.name = name
        self.steps = tuple(steps)
        self._index = {step.name: index for index, step in enumerate(steps)}
        self._pivot = pivots[0] if pivots else len(steps) - 1

    def step(self, name: str) -> Step:
        """A step by its name. Raises KeyError."""
        return self.steps[self._index[name]]

    def on_success(self, name: str) -> Move:
        """The step has been done."""
        index = self._index[name]
        if index + 1 == len(self.steps):
            return Move(Status.DONE, self.steps[index])
        return Move(Status.RUNNING, self.steps[index + 1])

    def on_failure(self, name: str) -> Move | None:
        """The step was refused, so nothing of it needs undoing; None after the pivot: nothing changes."""
        index = self._index[name]
        return self._undo(self.steps[:index], self.steps[index]) if index <= self._pivot else None

    def on_undone(self, name: str) -> Move:
        """The step's compensation has been done."""
        index = self._index[name]
        return self._undo(self.steps[:index], self.steps[index])

    def on_timeout(self, status: Status, name: str) -> Move | None:
        """No answer came, so the step may have been done; None: what was sent is sent again."""
        index = self._index[name]
        if status is not Status.RUNNING or index > self._pivot:
            return None
        return self._undo(self.steps[: index + 1], self.steps[index])

    def message(self, saga_id: str, move: Move, state: State, attempt: int = 0) -> list[Message]:
        """What a saga sends at a move; its id is that of the saga, the step and the repetition."""
        undoing = ":compensate" if move.status is Status.COMPENSATING else ""
        command = move.step.compensation if undoing else move.step.command
        if command is None or move.status in (Status.DONE, Status.COMPENSATED):
            return []
        again = f":again{attempt}" if attempt else ""
        return [replace(command(state), id=f"{saga_id}:{move.step.name}{undoing}{again}")]

    @staticmethod
    def _undo(done: Sequence[Step], at: Step) -> Move:
        for step in reversed(done):
            if step.compensation is not None:
                return Move(Status.COMPENSATING, step)
        return Move(Status.COMPENSATED, at)
