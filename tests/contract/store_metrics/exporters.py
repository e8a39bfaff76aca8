"""The exporters of Kafka and Valkey, beside real servers of one test alone, as infra/pulumi runs them."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import yaml

from seawall.testing import free_port
from tools.devstack.jars import Jar, JarCache
from tools.devstack.maven import MavenRepository, repository_url
from tools.devstack.ports import LOOPBACK
from tools.devstack.process import Launch, Process
from tools.devstack.progress import Progress, silent
from tools.devstack.readiness import start_server
from tools.devstack.servers.kafka import KafkaServer
from tools.devstack.servers.probes import ask
from tools.devstack.servers.valkey import ValkeyServer

# Strimzi's image brings a newer one, which Maven Central did not have here.
AGENT = Jar(
    "io.prometheus.jmx:jmx_prometheus_javaagent:1.0.1",
    "7d61f737fd661610ccc14aea79764faa1ea94a340cbc8f0029b3d2edea3d80c1",
)
RULES = Path("infra/pulumi/components/kind/kafka_metrics.yaml")
MEASURED = yaml.safe_load(Path("infra/pulumi/measured.yaml").read_text())["stores"]["kind"]
REDIS_EXPORTER = shutil.which("redis_exporter")
PASSWORD, MEMORY_BYTES = "sesame", 64 * 2**20


class WatchedKafka(KafkaServer):
    """With the JMX exporter as its agent, by the rules that Strimzi is given."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "kafka", free_port())
        self._metrics = f"{LOOPBACK}:{free_port()}"
        self._agent = Path()

    async def prepare(self, progress: Progress) -> None:
        """Fetches the agent as well."""
        cache = JarCache(self._cache_dir / "jars", MavenRepository(repository_url()).fetch)
        [self._agent] = await cache.ensure("jmx-exporter", [AGENT], progress)
        await super().prepare(progress)

    def launch(self) -> Launch:
        """The agent is an option of Java, before the class path."""
        plain = super().launch()
        java, *rest = plain.argv
        return replace(
            plain, argv=[java, f"-javaagent:{self._agent}={self._metrics}:{RULES.resolve()}", *rest]
        )

    async def told(self) -> str:
        """What Prometheus would read."""
        return await _read(self._metrics)


class GuardedValkey(ValkeyServer):
    """With a password and a limit of memory, as in the cluster."""

    def launch(self) -> Launch:
        """Both by its command line: nobody else is on this machine."""
        plain = super().launch()
        options = ["--requirepass", PASSWORD, "--maxmemory", str(MEMORY_BYTES)]
        return replace(plain, argv=[*plain.argv, *options])

    async def is_ready(self) -> bool:
        """It asks for the password."""
        return await ask(self._port, b"PING\r\n", len(b"-NOAUTH")) == b"-NOAUTH"


@asynccontextmanager
async def watched_kafka(folder: Path) -> AsyncIterator[WatchedKafka]:
    """Started; stopped at the end."""
    server = WatchedKafka(folder)
    process = await start_server(server, folder / "kafka.log", silent())
    try:
        yield server
    finally:
        await process.stop()


@asynccontextmanager
async def valkey_exporter(folder: Path, passwords: str) -> AsyncIterator[str]:
    """Where the exporter of a guarded Valkey tells of it. `passwords` is its file, {address} Valkey's own."""
    server = GuardedValkey(folder / "valkey", free_port())
    process = await start_server(server, folder / "valkey.log", silent())
    exporter = _exporter(folder, f"redis://{server.address}", passwords)
    try:
        yield await _read(exporter[0])
    finally:
        await exporter[1].stop()
        await process.stop()


def _exporter(folder: Path, address: str, passwords: str) -> tuple[str, Process]:
    metrics, file = f"{LOOPBACK}:{free_port()}", folder / "exporter.json"
    file.write_text(passwords.replace("{address}", address))
    env = {
        "REDIS_ADDR": address,
        "REDIS_PASSWORD_FILE": str(file),
        "REDIS_EXPORTER_WEB_LISTEN_ADDRESS": metrics,
        "REDIS_EXPORTER_REDIS_ONLY_METRICS": "true",
    }
    launch = Launch([str(REDIS_EXPORTER)], env=env, cwd=folder)
    return metrics, Process.start("redis_exporter", launch, folder / "exporter.log")


def kinds(told: str) -> dict[str, str]:
    """Each metric's name and kind, as the text has them."""
    return dict(re.findall(r"^# TYPE (\S+) (\w+)$", told, re.MULTILINE))


def read_by_queries(exporter: str) -> dict[str, str]:
    """The same of what dashboards and alerts read."""
    known: Mapping[str, Any] = MEASURED[exporter]
    return {name: about["kind"] for name, about in known.items()}


def value(told: str, name: str) -> float:
    """Of a metric without labels."""
    [found] = re.findall(rf"^{name} (\S+)$", told, re.MULTILINE)
    return float(found)


async def _read(address: str) -> str:
    """Tried for some seconds: an exporter takes a moment to listen."""
    for _ in range(200):
        try:
            return await asyncio.to_thread(_get, f"http://{address}/metrics")
        except OSError:
            await asyncio.sleep(0.05)
    return await asyncio.to_thread(_get, f"http://{address}/metrics")


def _get(url: str) -> str:
    with urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())
