"""The chaos of one rehearsal: nothing, or a plan for its stack."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import aiohttp

from tools.devstack.services import VALKEY
from tools.rehearsal.chaos.actions import StackActions, targets_of
from tools.rehearsal.chaos.executor import Executor
from tools.rehearsal.chaos.faults import Entry
from tools.rehearsal.chaos.plan import make_plan
from tools.rehearsal.flags import Flags
from tools.rehearsal.stack import Stage


class Chaos(Protocol):
    """What a rehearsal knows of it."""

    @property
    def log(self) -> list[Entry]:
        """What was done, so far."""

    def under_way(self) -> list[str]:
        """What is broken now, in words."""

    async def run(self) -> None:
        """Runs for the time of the load, and heals."""


class Peace:
    """Nothing is broken."""

    def __init__(self) -> None:
        self.log: list[Entry] = []

    def under_way(self) -> list[str]:
        """Nothing."""
        return []

    async def run(self) -> None:
        """Returns at once."""


class KillChaos:
    """Carries out the plan of the flags."""

    def __init__(self, stage: Stage, flags: Flags, provider: aiohttp.ClientSession) -> None:
        actions = StackActions(stage.processes, stage.stack, stage.data_dir / VALKEY, provider)
        self._executor = Executor(actions, self._say)
        self._duration_seconds = flags.duration
        targets = targets_of(stage.processes())
        self._plan = make_plan(flags.chaos_seed, flags.duration, flags.chaos_every, targets)

    @property
    def log(self) -> list[Entry]:
        """What was done, so far."""
        return self._executor.log

    def under_way(self) -> list[str]:
        """What is broken now, in words."""
        return self._executor.under_way()

    async def run(self) -> None:
        """Runs for the time of the load, and heals."""
        await self._executor.run(self._plan, self._duration_seconds)

    def _say(self, line: str) -> None:
        print(f"{self._executor.elapsed_seconds:6.0f} s  {line}", flush=True)


@asynccontextmanager
async def chaos_on(stage: Stage, flags: Flags) -> AsyncIterator[Chaos]:
    """Yields the chaos that the flags ask for."""
    if flags.chaos != "kill":
        yield Peace()
        return
    async with aiohttp.ClientSession(stage.stack.provider_url) as provider:
        yield KillChaos(stage, flags, provider)
