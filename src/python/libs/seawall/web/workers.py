"""Several processes of one service on one port, for a machine whose cores one cannot use.

The kernel spreads connections over them, not requests. Each has pools, caches and consumers of its own.
"""

import gc
import logging
import multiprocessing
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from tempfile import TemporaryDirectory

from seawall.settings import ServiceSettings
from seawall.web.crew import Crew
from seawall.web.listening import reserved

PAUSE_SECONDS = 1.0

_STOP = (signal.SIGTERM, signal.SIGINT)
_FORK = multiprocessing.get_context("fork")
_log = logging.getLogger("seawall.web")

Serve = Callable[[ServiceSettings, Crew], bool]
"""Serves as one of the crew until told to stop, or its parent ended. False if it could not start."""


def run_workers(serve: Serve, settings: ServiceSettings) -> bool:
    """Until SIGTERM or SIGINT, which all workers get; or until one of them ends by itself, then all do.

    A worker that is killed is replaced, after a second. They outlive a parent that is killed by their drain.
    Whether all ended well. Raises OSError where the port is taken.
    """
    if threading.active_count() > 1:
        raise RuntimeError("threads are not forked: start them in the service's lifetime")
    with reserved(settings) as kept, TemporaryDirectory(prefix="seawall-") as folder:
        settings = settings.model_copy(update={"port": kept.getsockname()[1]})
        gc.freeze()  # what lives now stays shared with the workers
        return _Parent(serve, settings, Path(folder)).watch()


class _Parent:
    def __init__(self, serve: Serve, settings: ServiceSettings, folder: Path) -> None:
        self._serve = serve
        self._settings = settings
        self._folder = folder
        self._workers: dict[int, ForkProcess] = {}
        self._due = dict.fromkeys(range(settings.workers), 0.0)
        self._is_stopping = False
        self._ended_well = True
        # Only the parent holds it: its end, however it comes about, is seen at the other end.
        self._lifeline, self._held = _FORK.Pipe(duplex=False)

    def watch(self) -> bool:
        """Returns when no worker is left."""
        with self._held, self._lifeline, _told() as told:
            while self._workers or self._due:
                self._start_those_due()
                sentinels = [worker.sentinel for worker in self._workers.values()]
                ready = wait([*sentinels, told], self._seconds_to_next())
                if told in ready:
                    told.recv(64)
                    self._stop()
                for number in [each for each, worker in self._workers.items() if worker.sentinel in ready]:
                    self._ended(number, self._workers.pop(number))
        return self._ended_well

    def _seconds_to_next(self) -> float | None:
        return max(0.0, min(self._due.values()) - time.monotonic()) if self._due else None

    def _start_those_due(self) -> None:
        for number in [each for each, at in self._due.items() if at <= time.monotonic()]:
            del self._due[number]
            crew = Crew(self._folder, number, self._settings.workers, self._lifeline)
            worker = _FORK.Process(target=self._work, args=(crew,), name=f"worker-{number}")
            with _no_signal():  # until the worker has put the parent's handlers away
                worker.start()
            self._workers[number] = worker

    def _work(self, crew: Crew) -> None:
        signal.set_wakeup_fd(-1)
        for number in _STOP:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP)
        self._held.close()
        if not self._serve(self._settings, crew):
            raise SystemExit(1)

    def _ended(self, number: int, worker: ForkProcess) -> None:
        worker.join()
        status = worker.exitcode or 0
        if self._is_stopping:
            self._ended_well &= status in {0, *(-each for each in _STOP)}
        elif status < 0:
            _log.error("a worker was killed", extra={"worker": number, "by": signal.Signals(-status).name})
            self._due[number] = time.monotonic() + PAUSE_SECONDS
        else:
            self._ended_well = False
            self._stop()

    def _stop(self) -> None:
        self._is_stopping = True
        self._due.clear()
        for worker in self._workers.values():
            worker.terminate()


@contextmanager
def _told() -> Iterator[socket.socket]:
    """Readable once SIGTERM or SIGINT has come."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        before = {number: signal.signal(number, lambda *_: None) for number in _STOP}
        signal.set_wakeup_fd(theirs.fileno())
        try:
            yield ours
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _no_signal() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
