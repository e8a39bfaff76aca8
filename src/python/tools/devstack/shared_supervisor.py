"""The process that keeps one shared test server for as long as somebody uses it."""

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import time
from pathlib import Path

from tools.devstack.failures import DevstackError
from tools.devstack.postgres_home import remove_data
from tools.devstack.process import Process, ProcessId
from tools.devstack.progress import Progress
from tools.devstack.readiness import start_server
from tools.devstack.servers.kafka import KafkaServer
from tools.devstack.servers.postgres import PostgresServer
from tools.devstack.servers.probes import pick_port
from tools.devstack.servers.valkey import ValkeyServer
from tools.devstack.shared_state import State, data_folder

_LOOK_SECONDS = 0.25
_ATTEMPTS = 3

SharedServer = PostgresServer | ValkeyServer | KafkaServer


def supervise(name: str, home: Path, idle_seconds: float) -> None:
    """Runs the server until it is unused for that long, `stop` appears, or SIGTERM comes; then cleans up.

    A failure to start is the last line of its output, and exit code 1.
    """
    try:
        asyncio.run(_Supervisor(name, home, idle_seconds).run())
    except DevstackError as error:
        sys.exit(str(error))


def make_server(name: str, data_dir: Path, port: int) -> SharedServer:
    """Speed matters here, not what a power cut would leave: its data ends with the run."""
    if name == "postgres":
        return PostgresServer(data_dir, port, durable=False)
    return ValkeyServer(data_dir, port) if name == "valkey" else KafkaServer(data_dir, port)


class _Supervisor:
    def __init__(self, name: str, home: Path, idle_seconds: float) -> None:
        self._name = name
        self._home = home
        self._idle_seconds = idle_seconds
        self._data = data_folder(home, os.getpid())

    async def run(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - we are in it
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        with contextlib.suppress(asyncio.CancelledError), contextlib.ExitStack() as held:
            try:
                server, process = await self._start()
                try:
                    State(ProcessId.of(os.getpid()), process.id, server.url).write(self._home)
                    await self._until_unused(process, held)
                finally:
                    State.remove(self._home)
                    await process.stop()
            finally:
                remove_data(self._data)
                (self._home / "stop").unlink(missing_ok=True)

    async def _start(self) -> tuple[SharedServer, Process]:
        """Another program may take the port before the server does: then it gets another one."""
        for attempt in range(1, _ATTEMPTS + 1):
            server = make_server(self._name, self._data, pick_port())
            try:
                log = self._home / "server.log"
                log.unlink(missing_ok=True)
                return server, await start_server(server, log, Progress())
            except DevstackError as error:
                if attempt == _ATTEMPTS or "port" not in str(error):
                    raise
        raise AssertionError

    async def _until_unused(self, process: Process, held: contextlib.ExitStack) -> None:
        """Returns with `lock` held: nobody can come while we stop."""
        used_at = time.monotonic()
        while process.alive and not (self._home / "stop").exists():
            await asyncio.sleep(_LOOK_SECONDS)
            if not self._try_lock("lease"):
                used_at = time.monotonic()
            elif time.monotonic() - used_at > self._idle_seconds and self._try_lock("lock", held):
                if self._try_lock("lease"):
                    return
                held.close()
        while not self._try_lock("lock", held):  # noqa: ASYNC110 - a file lock tells nobody
            await asyncio.sleep(_LOOK_SECONDS)

    def _try_lock(self, name: str, held: contextlib.ExitStack | None = None) -> bool:
        """Whether nobody has it; it is kept in `held`, or given back at once."""
        with contextlib.ExitStack() as mine:
            file = mine.enter_context((self._home / name).open("a"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            if held is not None:
                held.push(mine.pop_all())
            return True
