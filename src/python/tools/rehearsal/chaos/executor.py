"""Carries a plan out at its times, whatever fails on the way, and heals everything at the end."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from tools.rehearsal.chaos.faults import LASTING_KINDS, Entry, Fault

RECOVERY_SECONDS = 120.0


class SkippedError(Exception):
    """A fault that cannot be done now; the message says why."""


class Actions(Protocol):
    """What is done to a stack (see actions.StackActions)."""

    async def begin(self, fault: Fault) -> None:
        """Does it. Errors: SkippedError."""

    async def end(self, fault: Fault) -> None:
        """Takes a lasting fault back; safe to repeat."""

    async def recovered(self, fault: Fault) -> None:
        """Returns once the target of the fault works again. May wait for ever."""

    async def heal(self) -> None:
        """Takes everything back that may still be in force; safe to repeat."""


class Executor:
    """Runs one plan. `log` has the faults in the order in which they began."""

    def __init__(
        self,
        actions: Actions,
        say: Callable[[str], None],
        *,
        recovery_seconds: float = RECOVERY_SECONDS,
    ) -> None:
        self.log: list[Entry] = []
        self._actions = actions
        self._say = say
        self._recovery_seconds = recovery_seconds
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the run began."""
        return self._loop.time() - self._started

    def under_way(self) -> list[str]:
        """What is broken now, in words."""
        return [f"{entry.fault.target} {entry.fault.kind}" for entry in self.log if entry.open]

    async def run(self, plan: Iterable[Fault], duration_seconds: float) -> None:
        """Returns when the duration is over, all is taken back, and all has recovered or had its time to.

        Cancelled it takes all back at once.
        """
        self._started = self._loop.time()
        under_way: set[asyncio.Task[None]] = set()
        try:
            for fault in plan:
                await asyncio.sleep(max(0.0, fault.at_seconds - self.elapsed_seconds))
                under_way.add(asyncio.create_task(self._suffer(fault, duration_seconds)))
            await asyncio.sleep(max(0.0, duration_seconds - self.elapsed_seconds))
            self._say("chaos: the end; healing")
            await self._actions.heal()
            await asyncio.gather(*under_way)
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            await self._actions.heal()

    async def _suffer(self, fault: Fault, duration_seconds: float) -> None:
        entry = Entry(fault, self.elapsed_seconds)
        self.log.append(entry)
        self._say(f"chaos: {fault}")
        try:
            await self._actions.begin(fault)
            if fault.kind in LASTING_KINDS:
                until = min(fault.at_seconds + fault.duration_seconds, duration_seconds)
                await asyncio.sleep(max(0.0, until - self.elapsed_seconds))
                await self._actions.end(fault)
            async with asyncio.timeout(self._recovery_seconds):
                await self._actions.recovered(fault)
        except TimeoutError:
            self._say(f"chaos: {fault}: not over {self._recovery_seconds:g} s later")
        except Exception as error:  # whatever one fault runs into, the plan goes on
            entry.skipped = str(error) if isinstance(error, SkippedError) else repr(error)
            self._say(f"chaos: {fault}: skipped, {entry.skipped}")
        else:
            entry.ended_seconds = self.elapsed_seconds
            self._say(f"chaos: {fault}: over after {entry.ended_seconds - entry.began_seconds:.1f} s")
