"""What a shared test server leaves in its folder for its users, and how a dead one is cleaned away."""

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from tools.devstack.postgres_home import remove_data
from tools.devstack.process import ProcessId

_FILE = "state.json"
_DATA_PREFIX = "data-"


@dataclass(frozen=True)
class State:
    """Who runs, and where it answers. The file exists from the time that the server is ready."""

    supervisor: ProcessId
    server: ProcessId
    url: str

    @classmethod
    def read(cls, home: Path) -> Self | None:
        """None if there is none."""
        try:
            return msgspec.json.decode((home / _FILE).read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError):
            return None

    def write(self, home: Path) -> None:
        """Appears whole, and only for its owner: the URL may hold a password."""
        partial = home / f".{_FILE}"
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)
        partial.write_bytes(msgspec.json.encode(self))
        partial.replace(home / _FILE)

    @staticmethod
    def remove(home: Path) -> None:
        """There is no server any more."""
        (home / _FILE).unlink(missing_ok=True)


def data_folder(home: Path, supervisor_pid: int) -> Path:
    """Each supervisor has one of its own, so that one that ends late removes nobody else's."""
    return home / f"{_DATA_PREFIX}{supervisor_pid}"


def clean_up(home: Path) -> None:
    """Ends what runs, were its supervisor killed or not, and removes its state and data."""
    if state := State.read(home):
        state.supervisor.end(grace_seconds=15.0)
        state.server.end(signal.SIGINT, grace_seconds=5.0)
    State.remove(home)
    (home / "stop").unlink(missing_ok=True)
    for folder in home.glob(f"{_DATA_PREFIX}*"):
        remove_data(folder)
