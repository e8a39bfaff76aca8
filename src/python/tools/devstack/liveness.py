"""Who a process is: its id and when it began, so that a reused id is never taken for it."""

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import psutil

GRACE_SECONDS = 5.0
_SAME_START_SECONDS = 0.05


@dataclass(frozen=True)
class ProcessId:
    """One process of this machine, also after others were given its number."""

    pid: int
    create_time: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """The process that has the number now. Raises psutil.NoSuchProcess."""
        return cls(pid, psutil.Process(pid).create_time())

    @classmethod
    def this(cls) -> Self:
        """This process."""
        return cls.of(os.getpid())

    def process(self) -> psutil.Process | None:
        """The process, if it still runs; a zombie does not."""
        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.create_time) < _SAME_START_SECONDS
            return found if same and found.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    def lives(self) -> bool:
        """It still runs."""
        return self.process() is not None


def end_processes(identities: Iterable[ProcessId], grace_seconds: float = GRACE_SECONDS) -> list[int]:
    """Ends those that still run, and their children: SIGTERM, then SIGKILL. Returns their ids."""
    found = [process for identity in identities if (process := identity.process())]
    family = {process.pid: process for process in found}
    for process in found:
        family |= {child.pid: child for child in _children(process)}
    _signal(family.values(), signal.SIGTERM)
    _, alive = psutil.wait_procs(list(family.values()), timeout=grace_seconds)
    _signal(alive, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=grace_seconds)
    return [process.pid for process in found]


def wait_until_gone(identity: ProcessId, timeout_seconds: float) -> bool:
    """True once the process has ended, False if it outlived the timeout."""
    deadline = time.monotonic() + timeout_seconds
    while identity.lives():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue
