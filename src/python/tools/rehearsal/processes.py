"""What each process of the stack uses: memory and processor time."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psutil

MIB = 1024 * 1024
OURSELVES = "rehearsal"


@dataclass
class Usage:
    """One process. `cpu_seconds` is what it used since the watch began."""

    name: str
    pid: int
    rss_mib: float = 0.0
    peak_rss_mib: float = 0.0
    cpu_seconds: float = 0.0


class ProcessWatch:
    """Follows processes by name and pid, each with its children; one that ends keeps its last figures.

    The rehearsal itself is followed too, without its children: those are the stack's.
    """

    def __init__(self, processes: Mapping[str, int]) -> None:
        self._usages = {name: Usage(name, pid) for name, pid in processes.items()}
        self._usages[OURSELVES] = Usage(OURSELVES, os.getpid())
        self._cpu_before = {name: _cpu_seconds(_family(usage)) for name, usage in self._usages.items()}

    def look(self) -> None:
        """Reads the figures of now. Takes a millisecond or two per process."""
        for usage in self._usages.values():
            family = _family(usage)
            if not family:
                continue
            usage.rss_mib = sum(map(_resident, family)) / MIB
            usage.peak_rss_mib = max(usage.peak_rss_mib, usage.rss_mib)
            usage.cpu_seconds = _cpu_seconds(family) - self._cpu_before[usage.name]

    def usages(self) -> list[Usage]:
        """Returns all, the one with the most processor time first."""
        return sorted(self._usages.values(), key=lambda usage: -usage.cpu_seconds)


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
        total += times.user + times.system
    return total
