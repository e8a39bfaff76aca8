"""Servers and processes that exist in memory only."""

import asyncio
import itertools
from pathlib import Path

from tools.devstack.failures import StartFailed
from tools.devstack.process import Launch
from tools.devstack.unit import Unit

_pids = itertools.count(100_000_000)


class FakeProcess:
    """Lives until it is stopped or told to die."""

    def __init__(self, name, log, events):
        self.name = name
        self.log = log
        self.pid = next(_pids)
        self.returncode = None
        self.slow = False
        self._events = events

    @property
    def alive(self):
        return self.returncode is None

    def listens_on(self, port):
        return True

    def output(self):
        return "first line\nlast words\n"

    def die(self, status):
        self.returncode = status

    async def stop(self, grace_seconds=0):
        self._events.append(f"stop {self.name}")
        await asyncio.sleep(60 if self.slow and grace_seconds else 0)
        self.returncode = 0
        return 0


class FakeServer:
    """Ready when `ready` says so."""

    address = "127.0.0.1:0"
    ports = ()

    def __init__(self, name, events, ready=lambda: True, fault=None):
        self.name = name
        self._events = events
        self._ready = ready
        self._fault = fault

    async def prepare(self, progress):
        self._events.append(f"prepare {self.name}")
        if self._fault:
            raise StartFailed(self._fault)

    def launch(self):
        return Launch(argv=[self.name], env={})

    async def is_ready(self):
        return self._ready()


class FakeWatcher:
    """Writes down what it is told."""

    def __init__(self, events):
        self._events = events

    def started(self, unit, pid):
        self._events.append(f"start {unit.name}")

    def ready(self, unit, seconds):
        self._events.append(f"ready {unit.name}")

    def died(self, unit, status, restart_in_seconds):
        self._events.append(f"died {unit.name} {status} {restart_in_seconds:g}")

    def failed(self, unit, error):
        self._events.append(f"failed {unit.name}")

    def stopped(self, unit, seconds):
        self._events.append(f"stopped {unit.name}")


class World:
    """What the units of a test share."""

    def __init__(self):
        self.events: list[str] = []
        self.processes: dict[str, FakeProcess] = {}
        self.stillborn: set[str] = set()
        self.watcher = FakeWatcher(self.events)

    def unit(self, name, *needs, **options):
        return Unit(FakeServer(name, self.events, **options), Path(f"/logs/{name}.log"), needs=needs)

    def spawn(self, name, launch, log):
        process = FakeProcess(name, log, self.events)
        self.processes[name] = process
        if name in self.stillborn:
            process.die(3)
        return process
