"""One thing that `up` keeps running: started when what it needs is ready, watched, started again."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tools.devstack.errors import DevstackError
from tools.devstack.process import Launch, Server

READY_SECONDS = 60.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.03
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0
STABLE_SECONDS = 30.0


class Child(Protocol):
    """A running process."""

    @property
    def pid(self) -> int:
        """Its number."""
        ...

    async def wait(self) -> int:
        """Its exit status, once it has ended."""
        ...

    async def stop(self, timeout_seconds: float) -> None:
        """Ends it and all that it started."""
        ...


Spawn = Callable[[str, Launch, Path], Awaitable[Child]]


class Watcher(Protocol):
    """Who is told what happens to a unit."""

    def started(self, unit: "Unit", pid: int) -> None:
        """It has a process."""

    def ready(self, unit: "Unit", seconds: float) -> None:
        """It can be used."""

    def died(self, unit: "Unit", status: int, restart_in_seconds: float) -> None:
        """It ended by itself."""

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
        await self._launch()
        await self._until_ready()
        await self.unit.after_ready()
        self._watcher.ready(self.unit, time.monotonic() - begin)

    async def keep_running(self) -> None:
        """Starts the unit again each time that it dies, after a growing pause. Runs until cancelled."""
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            begin = time.monotonic()
            status = await self._child.wait() if self._child else -1
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

    async def _restart(self) -> None:
        begin = time.monotonic()
        await self._launch()
        try:
            await self._until_ready()
        except DevstackError:
            return  # dead again: keep_running() sees it and waits longer
        self._watcher.ready(self.unit, time.monotonic() - begin)

    async def _launch(self) -> None:
        try:
            self._child = await self._spawn(self.unit.name, self.unit.server.launch(), self.unit.log_file)
        except OSError as error:
            raise DevstackError(f"{self.unit.name} cannot be started: {error}") from error
        self._watcher.started(self.unit, self._child.pid)

    async def _until_ready(self) -> None:
        """A port that answers is not proof that it is ours: the process must live, too."""
        assert self._child is not None  # noqa: S101 - only called after _launch()
        death = asyncio.ensure_future(self._child.wait())
        deadline = time.monotonic() + READY_SECONDS
        try:
            while not death.done() and not await self.unit.server.is_ready():
                if time.monotonic() > deadline:
                    raise DevstackError(self._fault(f"was not ready after {READY_SECONDS:g} s"))
                await asyncio.wait({death}, timeout=POLL_SECONDS)
            if death.done():
                raise DevstackError(self._fault(f"ended with status {death.result()} while starting"))
        finally:
            death.cancel()

    def _fault(self, what: str) -> str:
        words = last_line(self.unit.log_file)
        return f"{self.unit.name} {what}: {words or 'it logged nothing'} (log: {self.unit.log_file})"


def last_line(log_file: Path, limit: int = 400) -> str:
    """The last line of a log that is not empty, shortened."""
    try:
        lines = log_file.read_bytes()[-16_384:].decode(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip()[:limit] for line in reversed(lines) if line.strip()), "")
