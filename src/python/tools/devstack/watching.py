"""What `up` tells about its units: a line for the person, a record for the next start."""

from collections.abc import Callable

from tools.devstack.data_dir import DataDir
from tools.devstack.failures import DevstackError
from tools.devstack.process import ProcessId
from tools.devstack.progress import Progress
from tools.devstack.unit import Unit


class ReportingWatcher:
    """Says each event in one line, and keeps the data dir's record of processes."""

    def __init__(
        self, progress: Progress, data_dir: DataDir, on_change: Callable[[dict[str, int]], None]
    ) -> None:
        self._progress = progress
        self._data_dir = data_dir
        self._on_change = on_change
        self.failing = False
        self._processes: dict[str, ProcessId] = {}

    def started(self, unit: Unit, pid: int) -> None:
        """Remembers the process before anything else can go wrong."""
        self._processes[unit.name] = ProcessId.of(pid)
        self._changed()

    def ready(self, unit: Unit, seconds: float) -> None:
        """Says how long it took."""
        self._progress.say(f"{unit.name} is ready at {unit.server.address} ({seconds:.1f} s)")

    def died(self, unit: Unit, status: int, restart_in_seconds: float) -> None:
        """Says how, and what happens now."""
        self._forget(unit)
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        self._progress.say(f"{unit.name} {how}; starting it again in {restart_in_seconds:g} s")

    def failed(self, unit: Unit, error: DevstackError) -> None:
        """Says why."""
        self._progress.say(str(error))

    def stopped(self, unit: Unit, seconds: float) -> None:
        """Says how long it took, unless a failure is what the person has to see."""
        self._forget(unit)
        if not self.failing:
            self._progress.say(f"{unit.name} is stopped ({seconds:.1f} s)")

    def _forget(self, unit: Unit) -> None:
        self._processes.pop(unit.name, None)
        self._changed()

    def _changed(self) -> None:
        self._data_dir.record(self._processes)
        self._on_change({name: identity.pid for name, identity in self._processes.items()})
