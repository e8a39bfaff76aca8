"""One thing that `up` keeps running: started when what it needs is ready, watched, started again."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tools.devstack.failures import DevstackError
from tools.devstack.process import Launch, Process, Server
from tools.devstack.readiness import require_free_port, until_ready

STOP_SECONDS = 15.0
WATCH_SECONDS = 0.2
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0
# One that was ready for so long is not in a loop of crashes.
STABLE_SECONDS = 10.0


Spawn = Callable[[str, Launch, Path], Process]


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
    """A server or a service.

    What it needs is ready before it starts and stops after it; those that it `stops_before` stop after it,
    too. `after_ready` completes its start.
    """

    server: Server
    log_file: Path
    needs: tuple[str, ...] = ()
    stops_before: tuple[str, ...] = ()
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
        self._process: Process | None = None

    async def start(self, prepare: Callable[[Server], Awaitable[None]]) -> None:
        """Returns when the unit is ready. Raises DevstackError, with its last words, if it ends."""
        begin = time.monotonic()
        await prepare(self.unit.server)
        await self._launch()
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

    async def stop(self, grace_seconds: float = STOP_SECONDS) -> None:
        """Ends the unit's process, if it has one, and all that it started. Told once, if called again."""
        if self._process is not None:
            begin = time.monotonic()
            await self._process.stop(grace_seconds)
            self._process = None
            self._watcher.stopped(self.unit, time.monotonic() - begin)

    async def _death(self) -> int:
        """The status of the process, once it has one."""
        while self._process is not None and self._process.alive:  # noqa: ASYNC110 - it tells no event
            await asyncio.sleep(WATCH_SECONDS)
        return (self._process.returncode if self._process is not None else None) or 0

    async def _restart(self) -> None:
        """Children of the dead process would hold its port or its data."""
        begin = time.monotonic()
        try:
            if self._process is not None:
                await self._process.stop(grace_seconds=0.0)
            await self._launch()
        except DevstackError as error:
            self._watcher.failed(self.unit, error)
        else:
            self._watcher.ready(self.unit, time.monotonic() - begin)

    async def _launch(self) -> None:
        server = self.unit.server
        require_free_port(server)
        self._process = self._spawn(self.unit.name, server.launch(), self.unit.log_file)
        self._watcher.started(self.unit, self._process.pid)
        await until_ready(server, self._process)
