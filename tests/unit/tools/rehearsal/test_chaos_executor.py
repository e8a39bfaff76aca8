"""Carrying a plan out on something that only remembers what was done to it."""

import asyncio

import pytest

from seawall.testing import until
from tools.rehearsal.chaos.executor import Executor, SkippedError
from tools.rehearsal.chaos.faults import PROVIDER, Fault, Kind


class FakeActions:
    """Remembers; `down` cannot be hit, `hopeless` never recovers, `cursed` fails in another way."""

    def __init__(self) -> None:
        self.done: list[str] = []

    async def begin(self, fault):
        if fault.target == "down":
            raise SkippedError("it is down")
        if fault.target == "cursed":
            raise OSError("no such thing")
        self.done.append(f"begin {fault.target} {fault.kind}")

    async def end(self, fault):
        self.done.append(f"end {fault.target} {fault.kind}")

    async def recovered(self, fault):
        if fault.target == "hopeless":
            await asyncio.Event().wait()

    async def heal(self):
        self.done.append("heal")


def executor(actions: FakeActions, said: list[str] | None = None) -> Executor:
    return Executor(actions, (said if said is not None else []).append, recovery_seconds=0.01)


async def test_each_fault_has_its_time_and_its_end():
    """A kill ends with the recovery, a lasting one is taken back after its duration."""
    actions = FakeActions()
    chaos = executor(actions)
    await chaos.run([Fault(0.0, Kind.KILL, "orders"), Fault(0.01, Kind.SLOW, PROVIDER, 0.05)], 0.2)
    assert actions.done[:3] == ["begin orders kill", "begin provider slow", "end provider slow"]
    kill, slow = chaos.log
    assert kill.ended_seconds is not None
    assert slow.ended_seconds is not None
    assert slow.ended_seconds - slow.began_seconds >= 0.04
    assert chaos.under_way() == []


async def test_a_lasting_fault_ends_with_the_load_at_the_latest():
    """However long it was planned."""
    actions = FakeActions()
    await executor(actions).run([Fault(0.0, Kind.PAUSE, "orders", 3600)], 0.03)
    assert "end orders pause" in actions.done


async def test_everything_is_healed_at_the_end():
    """Even where nothing was planned."""
    actions = FakeActions()
    await executor(actions).run([], 0.0)
    assert actions.done[0] == "heal"


async def test_a_cancelled_run_heals():
    """Nothing is left stopped when a person ends a rehearsal."""
    actions = FakeActions()
    run = asyncio.create_task(executor(actions).run([Fault(0.0, Kind.PAUSE, "orders", 3600)], 3600))
    await until(lambda: actions.done)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert actions.done == ["begin orders pause", "heal"]


async def test_what_cannot_be_done_is_skipped_and_the_plan_goes_on():
    """With its reason, in the log and said."""
    actions = FakeActions()
    said: list[str] = []
    chaos = executor(actions, said)
    plan = [Fault(0.0, Kind.KILL, target) for target in ("down", "cursed", "orders")]
    await chaos.run(plan, 0.05)
    assert [entry.skipped for entry in chaos.log] == ["it is down", "OSError('no such thing')", ""]
    assert chaos.log[2].ended_seconds is not None
    assert "chaos: down: kill: skipped, it is down" in said


async def test_what_does_not_recover_is_said_and_stays_open():
    """The end of the run is not held up for ever."""
    said: list[str] = []
    chaos = executor(FakeActions(), said)
    await chaos.run([Fault(0.0, Kind.KILL, "hopeless")], 0.0)
    assert chaos.under_way() == ["hopeless kill"]
    assert any("hopeless: kill: not over" in line for line in said)
