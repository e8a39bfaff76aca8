"""Real servers that test processes running side by side share: started on demand, gone when idle.

Each server has a folder. A user holds a shared lock on its `lease` for as long as he uses it. Who comes
first starts a supervisor (this module as a program), and that one stops the server, and removes its data,
when nobody has held the lease for some seconds or when a file `stop` appears. Starting and stopping
exclude each other by `lock`.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from tools.devstack.failures import DevstackError, last_line
from tools.devstack.shared_state import State, clean_up

NAMES = ("postgres", "valkey", "kafka")
IDLE_SECONDS = 10.0
_START_SECONDS = 600.0  # a first start downloads
_POLL_SECONDS = 0.02


def default_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """SEAWALL_TEST_SERVERS, or a folder of this user in /tmp."""
    fallback = f"/tmp/seawall-tests-{os.getuid()}"  # noqa: S108 - checked to be ours
    return Path(environment.get("SEAWALL_TEST_SERVERS") or fallback)


@contextlib.contextmanager
def shared_server(
    name: str, folder: Path | None = None, *, idle_seconds: float = IDLE_SECONDS
) -> Iterator[str]:
    """The URL of a running `postgres`, `valkey` or `kafka`, that does not stop while the block runs.

    Who starts it says for how many idle seconds it lives on.

    Errors: DevstackError with the reason, if it cannot be started.
    """
    if name not in NAMES:
        raise DevstackError(f"{name!r} is not a shared server; there are: {', '.join(NAMES)}")
    home = _own_folder(folder or default_folder()) / name
    home.mkdir(exist_ok=True)
    with (home / "lease").open("a") as lease:
        with (home / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            fcntl.flock(lease, fcntl.LOCK_SH)
            state = _running(home) or _start(name, home, idle_seconds)
        yield state.url


def _own_folder(folder: Path) -> Path:
    """PostgreSQL's own user must be able to look into it, but nobody else may write."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise DevstackError(
            f"{folder} is not a folder of ours alone: set SEAWALL_TEST_SERVERS to another one"
        )
    return folder


def _running(home: Path) -> State | None:
    state = State.read(home)
    if state and state.supervisor.find() and state.server.find() and not (home / "stop").exists():
        return state
    return None


def _start(name: str, home: Path, idle_seconds: float) -> State:
    clean_up(home)
    log = home / "log"
    with log.open("wb") as output:
        supervisor = _spawn([name, str(home), str(idle_seconds)], home, output)
    give_up_at = time.monotonic() + _START_SECONDS
    while time.monotonic() < give_up_at:
        if state := State.read(home):
            return state
        if supervisor.poll() is not None:
            why = last_line(log.read_text(errors="replace"))
            raise DevstackError(f"the shared {name} did not start: {why} (logs: {home})")
        time.sleep(_POLL_SECONDS)
    supervisor.terminate()
    raise DevstackError(f"the shared {name} did not start within {_START_SECONDS:g} s (log: {log})")


def _spawn(arguments: Sequence[str], home: Path, output: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Detached: it outlives us, and holds none of our files, or who waits for those would wait for it."""
    return subprocess.Popen(
        [sys.executable, "-m", "tools.devstack.shared", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=home,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        start_new_session=True,
    )


def main(name: str, home: str, idle_seconds: str) -> None:
    """The supervisor. It loads all that it will ever need at once: a test's sources are soon gone."""
    from tools.devstack.shared_supervisor import supervise  # noqa: PLC0415 - users do not need it

    supervise(name, Path(home), float(idle_seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
