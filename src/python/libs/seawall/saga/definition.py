"""What a saga consists of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from seawall.messaging import Message

# What the commands are made from; JSON types, since it is kept with the saga.
State = dict[str, Any]
Command = Callable[[State], Message]


@dataclass(frozen=True)
class Step:
    """A command to a service, and the command that undoes it.

    The receiver must be idempotent, take a compensation before its command, and then refuse the command.
    """

    name: str
    command: Command
    compensation: Command | None = None
    timeout_seconds: float = 30.0
    pivot: bool = False


class Definition:
    """The steps of a saga, in their order, with at most one pivot.

    Until the pivot has succeeded, a failure or a time-out undoes the steps before it, in reverse. After
    the pivot there is no way back: a command that is not answered in time is sent again, for ever.
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

    def after(self, name: str) -> Step | None:
        """The step after this one; None if it is the last."""
        index = self._index[name] + 1
        return self.steps[index] if index < len(self.steps) else None

    def can_be_undone(self, name: str) -> bool:
        """Whether a saga that waits for this step can still be undone."""
        return self._index[name] <= self._pivot

    def commands(self, saga_id: str, step: Step, state: State, attempt: int = 0) -> list[Message]:
        """The command of a step under its own id, so that a repetition is known as such."""
        again = f":again{attempt}" if attempt else ""
        return [replace(step.command(state), id=f"{saga_id}:{step.name}{again}")]

    def compensations(self, saga_id: str, name: str, state: State, *, itself: bool) -> list[Message]:
        """What undoes the steps before this one, in reverse; first its own if its outcome is unknown."""
        index = self._index[name] + (1 if itself else 0)
        undone = [step for step in reversed(self.steps[:index]) if step.compensation is not None]
        return [
            replace(step.compensation(state), id=f"{saga_id}:{step.name}:compensate")
            for step in undone
            if step.compensation is not None
        ]
