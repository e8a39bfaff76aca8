"""Who uses the processors while a step runs: each process of the system, and all that are not ours."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psutil

from tools.rehearsal.processes import ProcessWatch

IDLE = ("idle", "iowait")
COUNTED_ELSEWHERE = ("guest", "guest_nice")


@dataclass(frozen=True)
class Use:
    """Processor seconds by process, and how many cores others kept busy on average."""

    cpu_seconds: dict[str, float]
    others_cores: float


class Meter:
    """Counts from its making on."""

    def __init__(self, processes: Callable[[], Mapping[str, int]]) -> None:
        self._watch = ProcessWatch(processes)
        self._began_at = time.monotonic()
        self._busy_before = busy_seconds()

    def read(self) -> Use:
        """What was used until now."""
        self._watch.look()
        passed = time.monotonic() - self._began_at
        own = {usage.name: usage.cpu_seconds for usage in self._watch.usages()}
        others = busy_seconds() - self._busy_before - sum(own.values())
        return Use(own, max(0.0, others / passed))


def busy_seconds() -> float:
    """What all cores together have worked since the system's start."""
    times = psutil.cpu_times()._asdict()
    busy: float = sum(spent for name, spent in times.items() if name not in (*IDLE, *COUNTED_ELSEWHERE))
    return busy
