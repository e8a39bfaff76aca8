"""Processes of the bench's own: started together, stopped together."""

import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from tools.devstack.failures import DevstackError
from tools.devstack.process import Process
from tools.devstack.progress import silent
from tools.devstack.supervisor import Supervisor
from tools.devstack.unit import Unit


class Pids:
    """Knows the process of each unit; says what should not happen."""

    def __init__(self) -> None:
        self.by_name: dict[str, int] = {}

    def started(self, unit: Unit, pid: int) -> None:
        """Remembers the process."""
        self.by_name[unit.name] = pid

    def ready(self, unit: Unit, seconds: float) -> None:
        """Nothing to say."""

    def died(self, unit: Unit, status: int, restart_in_seconds: float) -> None:
        """A figure that was measured around a crash is to be seen as such."""
        print(f"  {unit.name} ended with status {status}", flush=True)

    def failed(self, unit: Unit, error: DevstackError) -> None:
        """Says why."""
        print(f"  {error}", flush=True)

    def stopped(self, unit: Unit, seconds: float) -> None:
        """Nothing to say."""


@asynccontextmanager
async def kept_running(units: Sequence[Unit]) -> AsyncIterator[Mapping[str, int]]:
    """Yields the pid of each unit once all are ready; ends all. Errors: DevstackError."""
    pids = Pids()
    supervisor = Supervisor(units, Process.start, pids)
    try:
        await supervisor.start(lambda server: server.prepare(silent()))
        yield pids.by_name
    finally:
        await supervisor.stop()


def import_path() -> dict[str, str]:
    """Our environment without the settings of services, and with our import path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEAWALL_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
