"""Jars by coordinates: fetched, checked against the lock file, kept in a cache that checkouts share."""

import asyncio
import hashlib
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from maven_artifact import Artifact

from tools.devstack.failures import DevstackError
from tools.devstack.progress import Progress

PARALLEL_DOWNLOADS = 6

Fetch = Callable[[Artifact, Path], None]


@dataclass(frozen=True)
class Jar:
    """`coordinates` are group:artifact:version, or group:artifact:extension:classifier:version."""

    coordinates: str
    sha256: str

    @property
    def artifact(self) -> Artifact:
        return Artifact.parse(self.coordinates)

    @property
    def file_name(self) -> str:
        """Two jars of a lock file never share it, nor do two contents of one jar."""
        group, name, *_, version = self.coordinates.split(":")
        return f"{group}.{name}-{version}-{self.sha256[:12]}.{self.artifact.extension}"


class CorruptJar(DevstackError):
    """What was downloaded is not what the lock file names."""


def locked_jars(section: str) -> list[Jar]:
    """The jars of one server, in the order of its class path."""
    text = resources.files("tools.devstack").joinpath("jars.lock").read_text(encoding="ascii")
    return parse_lock(text)[section]


def parse_lock(text: str) -> dict[str, list[Jar]]:
    """The jars of each [section]. Errors: ValueError with the line that is not `sha256  coordinates`."""
    sections: dict[str, list[Jar]] = {}
    jars: list[Jar] = []
    for line in text.splitlines():
        if line.startswith("["):
            jars = sections.setdefault(line.strip("[] "), [])
        elif line.strip() and not line.startswith("#"):
            jars.append(_parse_line(line))
    return sections


def lock_hash(jars: Sequence[Jar]) -> str:
    """Changes when a jar, or the order of the jars, does."""
    return hashlib.sha256("\n".join(jar.sha256 for jar in jars).encode()).hexdigest()[:16]


def default_cache(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder that all checkouts of this user share: SEAWALL_CACHE, or ~/.cache/seawall."""
    if chosen := environment.get("SEAWALL_CACHE"):
        return Path(chosen)
    base = environment.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "seawall"


class JarCache:
    """A folder of jars that were checked. Safe for several processes at once: files appear whole."""

    def __init__(self, folder: Path, fetch: Fetch) -> None:
        self._folder = folder
        self._fetch = fetch

    async def ensure(self, name: str, jars: Sequence[Jar], progress: Progress) -> list[Path]:
        """The files of `jars`, in their order; what is missing or damaged is downloaded.

        Errors: DevstackError in one line that names the jar and what to do; CorruptJar among them.
        """
        return await asyncio.to_thread(self._ensure, name, jars, progress)

    def _ensure(self, name: str, jars: Sequence[Jar], progress: Progress) -> list[Path]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
            missing = [jar for jar, good in zip(jars, pool.map(self._is_good, jars), strict=True) if not good]
            if missing:
                self._download_all(name, missing, pool, progress)
        return [self._path(jar) for jar in jars]

    def _download_all(
        self, name: str, missing: Sequence[Jar], pool: ThreadPoolExecutor, progress: Progress
    ) -> None:
        damaged = sum(self._path(jar).exists() for jar in missing)
        note = f", {damaged} of them damaged in the cache" if damaged else ""
        progress.say(f"{name}: downloading {len(missing)} jars{note}")
        done = _Counter(name, len(missing), progress)
        downloads = [pool.submit(self._download, jar, done) for jar in missing]
        try:
            for download in downloads:
                download.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _download(self, jar: Jar, done: "_Counter") -> None:
        target = self._path(jar)
        partial = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            self._fetch(jar.artifact, partial)
            found = _sha256(partial)
            if found != jar.sha256:
                raise CorruptJar(
                    f"{jar.coordinates} was downloaded, but its SHA-256 is {found}, not {jar.sha256}: "
                    "the repository (or a proxy before it) sent something else; try another one with "
                    "SEAWALL_MAVEN_REPOSITORY"
                )
            partial.replace(target)
            done.add(target.stat().st_size)
        finally:
            partial.unlink(missing_ok=True)

    def _is_good(self, jar: Jar) -> bool:
        path = self._path(jar)
        return path.is_file() and _sha256(path) == jar.sha256

    def _path(self, jar: Jar) -> Path:
        return self._folder / jar.file_name


class _Counter:
    def __init__(self, name: str, total: int, progress: Progress) -> None:
        self._name = name
        self._total = total
        self._progress = progress
        self._lock = threading.Lock()
        self._count = 0
        self._bytes = 0

    def add(self, size_bytes: int) -> None:
        with self._lock:
            self._count += 1
            self._bytes += size_bytes
            if self._count == self._total or self._count % 10 == 0:
                megabytes = self._bytes / 1e6
                self._progress.say(f"{self._name}: {self._count}/{self._total} jars, {megabytes:.1f} MB")


def _parse_line(line: str) -> Jar:
    sha256, _, coordinates = line.partition("  ")
    if len(sha256) != 64 or Artifact.parse(coordinates) is None:
        raise ValueError(f"jars.lock: not `sha256  coordinates`: {line!r}")
    return Jar(coordinates, sha256)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
