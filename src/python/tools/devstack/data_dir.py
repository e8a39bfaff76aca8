"""The data dir of one stack: one `up` at a time, logs, what to clean up after a crash, what --fresh drops."""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from tools.devstack.failures import DevstackError
from tools.devstack.ports import PORTS_FILE
from tools.devstack.process import ProcessId
from tools.devstack.secrets_file import SECRETS_FILE, SIGNING_KEY_FILE
from tools.devstack.stack import STACK_FILE

LOCK_FILE = "lock"
PROCESSES_FILE = "processes.json"
LOG_FOLDER = "logs"
# Only what `up` itself has made is ever deleted, whatever folder --data-dir names.
OWN_FOLDERS = ("postgres", "valkey", "kafka", "gateway", LOG_FOLDER)
OWN_FILES = (STACK_FILE, PROCESSES_FILE, PORTS_FILE, SECRETS_FILE, SIGNING_KEY_FILE)


class DataDir:
    """The folder, held by this process alone while `locked()`."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / LOG_FOLDER

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Raises DevstackError if another `up` holds it, or if the folder cannot be used."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise DevstackError(f"data dir {self.path} cannot be used: {error.strerror}") from error
        with os.fdopen(descriptor, "r+") as lock:
            if not _take(lock.fileno()):
                raise DevstackError(
                    f"a stack is already up in {self.path} (process {lock.read().strip() or 'unknown'}); "
                    "end it with --stop, or choose another folder with --data-dir"
                )
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def holder(self) -> int | None:
        """The process that holds the folder now; None if nobody does."""
        try:
            with (self.path / LOCK_FILE).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            return self._written_holder()
        return None

    def running(self) -> dict[str, int]:
        """What is recorded as running, by name."""
        return {name: process.pid for name, process in self._recorded().items()}

    def end_stale(self) -> list[str]:
        """Ends what a crashed supervisor left running. Returns the names."""
        left = {name: process for name, process in self._recorded().items() if process.find()}
        if left:
            with ThreadPoolExecutor(len(left)) as pool:
                list(pool.map(ProcessId.end, left.values()))
        self._file.unlink(missing_ok=True)
        return list(left)

    def record(self, processes: Mapping[str, ProcessId]) -> None:
        """Remembers what runs now, for end_stale() of the next start."""
        temporary = self._file.with_suffix(".next")
        temporary.write_bytes(msgspec.json.encode(processes))
        temporary.rename(self._file)

    def open_logs(self) -> None:
        """An empty folder of logs; those of the run before keep the ending .1."""
        self.logs.mkdir(exist_ok=True)
        for log in self.logs.glob("*.log"):
            log.rename(log.with_name(f"{log.name}.1"))

    def drop(self) -> None:
        """Deletes the data of the servers, the passwords, the logs; nothing that `up` did not make."""
        for name in OWN_FOLDERS:
            shutil.rmtree(self.path / name, ignore_errors=True)
        for name in OWN_FILES:
            (self.path / name).unlink(missing_ok=True)

    def _written_holder(self) -> int:
        """Who has just taken the lock writes his number a moment later."""
        for pause_seconds in (0.1, 0.4, 0.0):
            text = (self.path / LOCK_FILE).read_text().strip()
            if text.isdecimal():
                return int(text)
            time.sleep(pause_seconds)
        raise DevstackError(f"{self.path / LOCK_FILE} is held by a process that does not say which it is")

    @property
    def _file(self) -> Path:
        return self.path / PROCESSES_FILE

    def _recorded(self) -> dict[str, ProcessId]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=dict[str, ProcessId])
        except (OSError, msgspec.DecodeError):
            return {}


def _take(descriptor: int) -> bool:
    """A second attempt, because holder() holds the lock for a moment."""
    for pause_seconds in (0.1, 0.0):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(pause_seconds)
        else:
            return True
    return False
