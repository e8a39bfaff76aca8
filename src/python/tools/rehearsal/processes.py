"""What each process of the stack uses: memory and processor time."""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import psutil

MIB = 1024 * 1024
OURSELVES = "rehearsal"


@dataclass
class Usage:
    """One process, through its restarts. `cpu_seconds` is what it used since the watch began.

    `memory` has (seconds since the watch began, MiB) of each look.
    """

    name: str
    pid: int
    rss_mib: float = 0.0
    peak_rss_mib: float = 0.0
    cpu_seconds: float = 0.0
    restarts: int = 0
    memory: list[tuple[float, float]] = field(default_factory=list)


class ProcessWatch:
    """Follows processes by name, each with its children; one that has ended keeps its last figures.

    `processes` tells the pid of each name, now: a restarted process has a new one. The rehearsal
    itself is followed too, without its children: those are the stack's.
    """

    def __init__(self, processes: Callable[[], Mapping[str, int]]) -> None:
        self._processes = processes
        self._began_at = time.monotonic()
        self._usages: dict[str, Usage] = {}
        # Processor time that does not count: of a pid before the watch; minus that of a name's earlier pids.
        self._deductions: dict[str, float] = {}
        self.look()
        for usage in self._usages.values():
            self._deductions[usage.name] = usage.cpu_seconds
            usage.cpu_seconds = 0.0

    def look(self) -> None:
        """Reads the figures of now. Takes a few milliseconds per process: the kernel walks its memory."""
        for name, pid in {**self._processes(), OURSELVES: os.getpid()}.items():
            usage = self._usages.setdefault(name, Usage(name, pid))
            if usage.pid != pid:
                usage.pid = pid
                usage.restarts += 1
                self._deductions[name] = -usage.cpu_seconds
            self._read(usage)

    def usages(self) -> list[Usage]:
        """Returns all, the one with the most processor time first."""
        return sorted(self._usages.values(), key=lambda usage: -usage.cpu_seconds)

    def _read(self, usage: Usage) -> None:
        family = _family(usage)
        if family:
            usage.rss_mib = sum(map(_resident, family)) / MIB
            usage.peak_rss_mib = max(usage.peak_rss_mib, usage.rss_mib)
            usage.memory.append((round(time.monotonic() - self._began_at, 1), round(usage.rss_mib, 1)))
            usage.cpu_seconds = _cpu_seconds(family) - self._deductions.get(usage.name, 0.0)


def _family(usage: Usage) -> list[psutil.Process]:
    try:
        process = psutil.Process(usage.pid)
        return [process, *(process.children(recursive=True) if usage.name != OURSELVES else [])]
    except psutil.Error:
        return []


def _resident(process: psutil.Process) -> int:
    """Where it may be read, PSS: memory that PostgreSQL's processes share counts once."""
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.rss))
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _cpu_seconds(family: Iterable[psutil.Process]) -> float:
    total = 0.0
    for process in family:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        # Children that have ended are counted in their parent.
        total += times.user + times.system + times.children_user + times.children_system
    return total
