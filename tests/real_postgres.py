"""A PostgreSQL of one test alone, which it stops and starts."""

import os
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from seawall.sql import STORE_AWAY, Database
from seawall.testing import free_port
from tools.devstack.postgres_home import remove_data
from tools.devstack.process import Process
from tools.devstack.progress import silent
from tools.devstack.psql import create_database
from tools.devstack.readiness import start_server
from tools.devstack.servers.postgres import PostgresServer


class OwnPostgres:
    """A server with one database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = PostgresServer(folder / "data", free_port())
        self._process: Process | None = None

    async def start(self) -> None:
        """Returns when it answers."""
        self._process = await start_server(self._server, self._folder / "postgres.log", silent())

    async def stop(self) -> None:
        """A fast shutdown: sessions end where they are, and new ones are refused."""
        process, self._process = self._process, None
        if process is not None:
            await process.stop()

    async def crash(self) -> None:
        """As a power cut: nothing is said to anybody."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        await self.stop()

    def database(self) -> str:
        """The URL of a new database."""
        return create_database(self._server.url, f"t{secrets.token_hex(4)}", secrets.token_hex(8))


async def answers(database: Database) -> bool:
    """Whether it serves: for a while after a restart it does not try (ServerWatch)."""
    try:
        await database.ping()
    except STORE_AWAY:
        return False
    return True


@asynccontextmanager
async def own_postgres(folder: Path) -> AsyncIterator[OwnPostgres]:
    """A running server; stopped and removed at the end of the block."""
    server = OwnPostgres(folder)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
        remove_data(folder / "data")
