"""Starts units as soon as what they need is ready, watches them, stops them in the reverse order."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from tools.devstack.process import Server
from tools.devstack.unit import Spawn, Unit, UnitRunner, Watcher


class Supervisor:
    """Owns the processes of all units. After stop() none of them is left."""

    def __init__(self, units: Sequence[Unit], spawn: Spawn, watcher: Watcher) -> None:
        self._runners = {unit.name: UnitRunner(unit, spawn, watcher) for unit in units}
        self._ready = {unit.name: asyncio.Event() for unit in units}
        self._watch: list[asyncio.Task[None]] = []

    async def start(self, prepare: Callable[[Server], Awaitable[None]]) -> None:
        """Returns when all are ready. Raises the first failure; what had started runs until stop()."""
        try:
            async with asyncio.TaskGroup() as group:
                for runner in self._runners.values():
                    group.create_task(self._start(runner, prepare))
        except BaseExceptionGroup as failures:
            raise _first(failures) from None
        self._watch = [asyncio.create_task(runner.keep_running()) for runner in self._runners.values()]

    async def watch(self) -> None:
        """Keeps all running. Returns only by an error or by being cancelled."""
        await asyncio.gather(*self._watch)

    async def stop(self) -> None:
        """Ends each unit once all that stop before it have ended. Cancelling it ends all at once."""
        for task in self._watch:
            task.cancel()
        await asyncio.gather(*self._watch, return_exceptions=True)
        gone = {name: asyncio.Event() for name in self._runners}
        try:
            await asyncio.gather(*(self._stop(name, gone) for name in self._runners))
        except asyncio.CancelledError:
            await asyncio.gather(*(runner.stop(grace_seconds=0.0) for runner in self._runners.values()))
            raise

    async def _start(self, runner: UnitRunner, prepare: Callable[[Server], Awaitable[None]]) -> None:
        for needed in runner.unit.needs:
            await self._ready[needed].wait()
        await runner.start(prepare)
        self._ready[runner.unit.name].set()

    async def _stop(self, name: str, gone: dict[str, asyncio.Event]) -> None:
        for other, runner in self._runners.items():
            if name in (*runner.unit.needs, *runner.unit.stops_before):
                await gone[other].wait()
        try:
            await self._runners[name].stop()
        finally:
            gone[name].set()


def _first(failures: BaseException) -> BaseException:
    while isinstance(failures, BaseExceptionGroup):
        failures = failures.exceptions[0]
    return failures
