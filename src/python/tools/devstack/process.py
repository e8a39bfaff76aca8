"""Child processes that are ours: started in a group of their own, watched, and stopped for sure."""

import asyncio
import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol, Self

import psutil

from tools.devstack.failures import StartFailed
from tools.devstack.progress import Progress

POLL_SECONDS = 0.02
_LOG_TAIL_BYTES = 16_384
_SAME_START_SECONDS = 0.05
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Launch:
    """How to start a program: `env` is its whole environment, `user` a uid to run under (root only).

    With `binds` false it is another's process that listens, as of a container's client.
    """

    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path = Path("/")
    user: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    binds: bool = True


class Server(Protocol):
    """Something that is launched and listens; `address` is its host:port."""

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> str: ...

    async def prepare(self, progress: Progress) -> None:
        """Fetches and writes what a launch needs; safe to repeat. Errors: DevstackError."""

    def launch(self) -> Launch: ...

    async def is_ready(self) -> bool:
        """Whether the server at `address` answers. The caller checks that it is ours."""


@dataclass(frozen=True)
class ProcessId:
    """A pid with the start time of its process, so that a reused pid is never taken for ours.

    `started_at` is in seconds since the system's start on Linux: setting the clock does not change it.
    """

    pid: int
    started_at: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """Errors: psutil.NoSuchProcess."""
        return cls(pid, _start_time(psutil.Process(pid)))

    def find(self) -> psutil.Process | None:
        """The process, if it is still that one and not just waiting to be reaped."""
        try:
            process = psutil.Process(self.pid)
            same = abs(_start_time(process) - self.started_at) < _SAME_START_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            return None

    def end(self, stop_signal: signal.Signals = signal.SIGTERM, grace_seconds: float = 5.0) -> None:
        """Ends a process that somebody else started: the signal first, SIGKILL with its children after."""
        process = self.find()
        if process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            family = [process, *process.children(recursive=True)]
            process.send_signal(stop_signal)
            _, left = psutil.wait_procs([process], timeout=grace_seconds)
            _kill(family if left else family[1:])
            psutil.wait_procs(family, timeout=grace_seconds)


class Process:
    """A running child in its own session; its output goes to the end of `log`.

    Where Linux allows it the child gets its stop signal when the thread that called `start` dies, so call
    it from the main thread: from another one the child is not tied to anything.
    """

    def __init__(
        self, name: str, launch: Launch, popen: "subprocess.Popen[bytes]", log: Path, log_begins_at: int
    ) -> None:
        self.name = name
        self.log = log
        self.id = ProcessId.of(popen.pid)
        self._launch = launch
        self._popen = popen
        self._log_begins_at = log_begins_at

    @classmethod
    def start(cls, name: str, launch: Launch, log: Path) -> Self:
        """Starts the program. Errors: StartFailed if it cannot be executed."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            log_begins_at = output.seek(0, os.SEEK_END)
            try:
                popen = _popen(launch, output)
            except OSError as error:
                raise StartFailed(f"{name} cannot be started: {launch.argv[0]}: {error.strerror}") from error
        return cls(name, launch, popen, log, log_begins_at)

    @property
    def pid(self) -> int:
        return self.id.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; -N if signal N ended it."""
        return self._popen.poll()

    @property
    def alive(self) -> bool:
        return self.returncode is None

    def listens_on(self, port: int) -> bool:
        """Whether the process, not a stranger, is bound to `port`; true where nobody can tell."""
        if not self._launch.binds:
            return True
        try:
            sockets = psutil.Process(self.pid).net_connections(kind="tcp")
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True
        return any(s.status == psutil.CONN_LISTEN and s.laddr.port == port for s in sockets)

    def output(self) -> str:
        """The end of what this process, and not an earlier one, has written."""
        with self.log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(self._log_begins_at, end - _LOG_TAIL_BYTES))
            return file.read().decode(errors="replace")

    async def wait(self) -> int:
        """The return code, once it has ended."""
        while (code := self.returncode) is None:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(POLL_SECONDS)
        return code

    async def stop(self, grace_seconds: float = 10.0) -> int:
        """Asks it to end, kills it after `grace_seconds`, and leaves none of its children.

        Returns the return code. Cancelling kills at once.
        """
        family = self._children()
        try:
            if self.alive:
                self._popen.send_signal(self._launch.stop_signal)
                async with asyncio.timeout(grace_seconds):
                    await self.wait()
        except TimeoutError:
            pass
        finally:
            family += self._children()
            self._popen.kill()
            _kill(family)
            self._kill_group()
        return await self.wait()

    def _kill_group(self) -> None:
        # While the group has members its number is not given to anybody else.
        if self.alive or not psutil.pid_exists(self.pid):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def _children(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.pid).children(recursive=True) if self.alive else []
        except psutil.NoSuchProcess:
            return []


def _start_time(process: psutil.Process) -> float:
    stat = Path(f"/proc/{process.pid}/stat")
    if not stat.exists():
        return process.create_time()
    after_name = stat.read_text().rpartition(")")[2].split()
    return int(after_name[19]) / os.sysconf("SC_CLK_TCK")  # field 22, see proc(5)


def _kill(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _popen(launch: Launch, output: IO[bytes]) -> "subprocess.Popen[bytes]":
    as_user = launch.user is not None and os.geteuid() == 0
    return subprocess.Popen(
        list(launch.argv),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=dict(launch.env),
        cwd=launch.cwd,
        start_new_session=True,
        preexec_fn=_tie_to_parent(launch.stop_signal),  # noqa: PLW1509 - it only makes two system calls
        user=launch.user if as_user else None,
        group=group_of(launch.user) if as_user and launch.user is not None else None,
        extra_groups=[] if as_user else None,
    )


def group_of(user: int) -> int:
    """The main group of a uid; a uid without an account has the group of the same number."""
    try:
        return pwd.getpwuid(user).pw_gid
    except KeyError:
        return user


def _tie_to_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    if _LIBC is None or threading.current_thread() is not threading.main_thread():
        return None
    parent = os.getpid()
    prctl = _LIBC.prctl

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:  # it died before the tie was made
            os._exit(1)

    return tie
