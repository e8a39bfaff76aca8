"""One thing that `up` keeps running: started when what it needs is ready, watched, started again."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tools.devstack.failures import DevstackError, StartFailed, explain, last_line
from tools.devstack.process import Launch, Server

READY_SECONDS = 60.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.03
WATCH_SECONDS = 0.2
LONGEST_REASON = 400
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0
STABLE_SECONDS = 30.0


class Child(Protocol):
    """A running process: process.Process, or a test's."""

    @property
    def pid(self) -> int:
        """Its number."""
        ...

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        ...

    def output(self) -> str:
        """The end of what it wrote."""
        ...

    async def stop(self, grace_seconds: float) -> int:
        """Ends it and all that it started."""
        ...


Spawn = Callable[[str, Launch, Path], Child]


class Watcher(Protocol):
    """Who is told what happens to a unit."""

    def started(self, unit: "Unit", pid: int) -> None:
        """It has a process."""

    def ready(self, unit: "Unit", seconds: float) -> None:
        """It can be used."""

    def died(self, unit: "Unit", status: int, restart_in_seconds: float) -> None:
        """It ended by itself."""

    def failed(self, unit: "Unit", error: DevstackError) -> None:
        """It could not be started again; the next attempt follows."""

    def stopped(self, unit: "Unit", seconds: float) -> None:
        """It was ended by us."""


async def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Unit:
    """A server or a service, and what must be ready before it. `after_ready` completes its start."""

    server: Server
    log_file: Path
    needs: tuple[str, ...] = ()
    after_ready: Callable[[], Awaitable[None]] = _nothing

    @property
    def name(self) -> str:
        """As it is called in progress lines, logs and the stack file."""
        return self.server.name


class UnitRunner:
    """Runs one unit."""

    def __init__(self, unit: Unit, spawn: Spawn, watcher: Watcher) -> None:
        self.unit = unit
        self._spawn = spawn
        self._watcher = watcher
        self._child: Child | None = None

    async def start(self, prepare: Callable[[Server], Awaitable[None]]) -> None:
        """Returns when the unit is ready. Raises DevstackError, with the last words of its log, if it ends."""
        begin = time.monotonic()
        await prepare(self.unit.server)
        self._launch()
        await self._until_ready()
        await self.unit.after_ready()
        self._watcher.ready(self.unit, time.monotonic() - begin)

    async def keep_running(self) -> None:
        """Starts the unit again each time that it dies, after a growing pause. Runs until cancelled."""
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            begin = time.monotonic()
            status = await self._death()
            if time.monotonic() - begin > STABLE_SECONDS:
                pause_seconds = FIRST_PAUSE_SECONDS
            self._watcher.died(self.unit, status, pause_seconds)
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)
            await self._restart()

    async def stop(self) -> None:
        """Ends the unit's process, if it has one."""
        if self._child is not None:
            begin = time.monotonic()
            await self._child.stop(STOP_SECONDS)
            self._watcher.stopped(self.unit, time.monotonic() - begin)

    async def _death(self) -> int:
        while self._child is not None and (status := self._child.returncode) is None:
            await asyncio.sleep(WATCH_SECONDS)
        return status if self._child is not None else -1

    async def _restart(self) -> None:
        begin = time.monotonic()
        try:
            self._launch()
            await self._until_ready()
        except DevstackError as error:
            self._watcher.failed(self.unit, error)
        else:
            self._watcher.ready(self.unit, time.monotonic() - begin)

    def _launch(self) -> None:
        self._child = self._spawn(self.unit.name, self.unit.server.launch(), self.unit.log_file)
        self._watcher.started(self.unit, self._child.pid)

    async def _until_ready(self) -> None:
        """A port that answers is not proof that it is ours: the process must live, too."""
        assert self._child is not None  # noqa: S101 - only called after _launch()
        deadline = time.monotonic() + READY_SECONDS
        while not await self.unit.server.is_ready():
            self._check_alive(self._child)
            if time.monotonic() > deadline:
                raise StartFailed(self._fault(self._child, f"was not ready after {READY_SECONDS:g} s"))
            await asyncio.sleep(POLL_SECONDS)
        self._check_alive(self._child)

    def _check_alive(self, child: Child) -> None:
        if child.returncode is not None:
            raise StartFailed(self._fault(child, f"ended with status {child.returncode} while starting"))

    def _fault(self, child: Child, what: str) -> str:
        output = child.output()
        name, log_file = self.unit.name, self.unit.log_file
        reason = explain(name, output) or f"{name} {what}: {last_line(output)[:LONGEST_REASON]}"
        return f"{reason} (log: {log_file})"
