"""What each process of the stack uses: memory and processor time."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

MIB = 1024 * 1024


@dataclass
class Usage:
    """One process. `cpu_seconds` is what it used since the watch began."""

    name: str
    pid: int
    rss_mib: float = 0.0
    peak_rss_mib: float = 0.0
    cpu_seconds: float = 0.0


class ProcessWatch:
    """Follows processes by name and pid, each with its children; one that ends keeps its last figures."""

    def __init__(self, processes: Mapping[str, int]) -> None:
        self._usages = {name: Usage(name, pid) for name, pid in processes.items()}
        self._usages["rehearsal"] = Usage("rehearsal", os.getpid())
        self._cpu_before = {usage.name: _cpu_seconds(usage.pid) for usage in self._usages.values()}

    def look(self) -> None:
        """Reads the figures of now."""
        for usage in self._usages.values():
            rss_mib = _rss_mib(usage.pid, with_children=usage.name != "rehearsal")
            if rss_mib is None:
                continue
            usage.rss_mib = rss_mib
            usage.peak_rss_mib = max(usage.peak_rss_mib, rss_mib)
            usage.cpu_seconds = _cpu_seconds(usage.pid) - self._cpu_before[usage.name]

    def usages(self) -> list[Usage]:
        """Returns all, the one with the most processor time first."""
        return sorted(self._usages.values(), key=lambda usage: -usage.cpu_seconds)


def _rss_mib(pid: int, *, with_children: bool) -> float | None:
    """Memory that only this process holds counts whole, shared memory (PostgreSQL) once: PSS where it is."""
    try:
        process = psutil.Process(pid)
        family = [process, *(process.children(recursive=True) if with_children else [])]
        return sum(_resident(member) for member in family) / MIB
    except psutil.Error:
        return None


def _resident(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.rss))
    except psutil.AccessDenied:
        return int(process.memory_info().rss)


def _cpu_seconds(pid: int) -> float:
    try:
        process = psutil.Process(pid)
        return sum(
            sum(member.cpu_times()[:4]) if member.pid == pid else sum(member.cpu_times()[:2])
            for member in (process, *process.children(recursive=True))
        )
    except psutil.Error:
        return 0.0
