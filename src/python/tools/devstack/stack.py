"""Where a running stack is: the file that `up` writes, and everybody else reads."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import msgspec

from tools.devstack.process import ProcessId

STACK_FILE = "stack.json"
DATA_DIR = ".seawall"


@dataclass(frozen=True)
class Stack:
    """A stack that is up. Addresses are URLs; what `--only` left out is empty."""

    supervisor: ProcessId
    started_at: float
    gateway_url: str = ""
    databases: dict[str, str] = field(default_factory=dict)
    postgres_url: str = ""
    valkey_url: str = ""
    kafka_url: str = ""
    provider_url: str = ""
    signing_key_file: str = ""
    operator_email: str = ""
    operator_password: str = ""
    customer_email: str = ""
    customer_password: str = ""
    processes: dict[str, int] = field(default_factory=dict)
    services: dict[str, list[str]] = field(default_factory=dict)
    logs: str = ""

    @classmethod
    def find(cls, data_dir: Path | None = None) -> Self | None:
        """The stack of the data dir (by default this checkout's), if its supervisor lives."""
        try:
            text = ((data_dir or default_data_dir()) / STACK_FILE).read_bytes()
            stack = msgspec.json.decode(text, type=cls)
        except (OSError, msgspec.DecodeError):
            return None
        return stack if stack.supervisor.find() else None

    def write(self, data_dir: Path) -> None:
        """Replaces the file; only its owner may read it, for it holds passwords."""
        write_private(data_dir / STACK_FILE, msgspec.json.format(msgspec.json.encode(self)))


def default_data_dir(start: Path | None = None) -> Path:
    """`.seawall` in the checkout that the current folder is in; in the current folder if it is in none."""
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / "pants.toml").exists():
            return folder / DATA_DIR
    return here / DATA_DIR


def write_private(path: Path, data: bytes) -> None:
    """Writes the file whole, readable by its owner alone."""
    temporary = path.with_name(f".{path.name}.next")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    temporary.rename(path)
