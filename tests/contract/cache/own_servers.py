"""Servers of one test process alone, which it may stop, freeze and kill."""

import asyncio
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest

from seawall.testing import free_port, until
from tools.devstack.process import Process
from tools.devstack.progress import silent
from tools.devstack.readiness import start_server
from tools.devstack.servers.valkey import ValkeyServer


class OwnValkey:
    """One that a test stops and starts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = ValkeyServer(folder / "valkey", free_port())
        self._process: Process | None = None
        self.url = self._server.url

    async def start(self) -> None:
        self._process = await start_server(self._server, self._folder / "valkey.log", silent())

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.stop()


@asynccontextmanager
async def own_valkey(folder: Path) -> AsyncIterator[OwnValkey]:
    """Started; stopped at the end."""
    valkey = OwnValkey(folder)
    await valkey.start()
    try:
        yield valkey
    finally:
        await valkey.stop()


class Memcached:
    """Debian's, with no data of anybody."""

    def __init__(self, binary: str) -> None:
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        options = ["-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "16", "-u", "nobody"]
        self._process = subprocess.Popen([binary, *options], stderr=subprocess.DEVNULL)

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    async def is_ready(self) -> bool:
        host, port = self.address.split(":")
        with suppress(OSError):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
            return True
        return False


@contextmanager
def memcached() -> Iterator[Memcached]:
    """Skips the test where there is none."""
    binary = shutil.which("memcached", path="/usr/bin:/usr/local/bin:/opt/homebrew/bin")
    if binary is None:
        pytest.skip("no memcached; install it with: apt-get install memcached")
    server = Memcached(binary)
    try:
        yield server
    finally:
        server.kill()


async def ready_memcached(server: Memcached) -> Memcached:
    await until(server.is_ready)
    return server
