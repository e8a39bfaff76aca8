"""A service instance, started and asked for its readiness like any other server."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.devstack.ports import LOOPBACK
from tools.devstack.process import Launch
from tools.devstack.progress import Progress

PROBE_SECONDS = 2.0


@dataclass(frozen=True)
class ServiceServer:
    """One instance. Ready when its /readyz answers 200."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    port: int
    in_container: bool = False

    @property
    def address(self) -> str:
        """host:port of its HTTP interface."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def ports(self) -> tuple[int, ...]:
        """What it will bind, besides what its environment names."""
        return (self.port,)

    async def prepare(self, progress: Progress) -> None:
        """Nothing is fetched or made for a service."""

    def launch(self) -> Launch:
        """Its process."""
        return Launch(argv=self.command, env=self.environment, cwd=self.folder, binds=not self.in_container)

    async def is_ready(self) -> bool:
        """It answers, and has all that it needs."""
        return await http_status(self.port, "/readyz") == 200


async def http_status(port: int, path: str, timeout_seconds: float = PROBE_SECONDS) -> int | None:
    """The status of a GET on loopback, by a few bytes instead of an HTTP library; None without an answer."""
    try:
        async with asyncio.timeout(timeout_seconds):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\n\r\n".encode())
                words = (await reader.readline()).split()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return None
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else None
