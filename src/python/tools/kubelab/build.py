"""Builds the lab's programs once for each set of versions, into a cache that checkouts share."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tools.devstack.failures import DevstackError
from tools.devstack.process import Launch
from tools.devstack.progress import Progress
from tools.devstack.readiness import run_to_end
from tools.kubelab import strimzi
from tools.kubelab.programs import DEFINITIONS, PROGRAMS, SIMULATION, Definitions, Programs, key, own_stages

BUILD_SECONDS = 3600.0
TELL_SECONDS = 30.0
UNFINISHED = ".build-"
GO = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}


@dataclass(frozen=True)
class Built:
    """A finished build."""

    folder: Path

    def program(self, name: str) -> str:
        """The path of one program."""
        return str(self.folder / "bin" / name)

    def definitions(self) -> list[Path]:
        """Folders of CustomResourceDefinitions."""
        return sorted((self.folder / "definitions").iterdir())

    @property
    def simulation(self) -> Path:
        """kwok's configuration."""
        return self.folder / "kwok.yaml"


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where builds are: $SEAWALL_CACHE/kubelab."""
    fallback = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seawall"
    return Path(environment.get("SEAWALL_CACHE") or fallback) / "kubelab"


def find_built(cache: Path) -> Built | None:
    """The build of this checkout's versions, if there is one."""
    folder = cache / key()
    return Built(folder) if folder.is_dir() else None


def ensure_built(cache: Path, progress: Progress) -> Built:
    """Builds what is not there yet; whoever comes meanwhile waits for it.

    A build appears whole or not at all. Errors: DevstackError, where Go is missing or a step fails.
    """
    if built := find_built(cache):
        return built
    go = shutil.which("go")
    if go is None:
        raise DevstackError("the lab is built with Go (1.26.6 or newer), and there is no program go here")
    cache.mkdir(parents=True, exist_ok=True)
    with _alone(cache):
        _sweep(cache)
        return find_built(cache) or asyncio.run(_build(go, cache, progress))


async def _build(go: str, cache: Path, progress: Progress) -> Built:
    minutes = sum(programs.minutes for programs in PROGRAMS)
    progress.say(f"building the lab, once for these versions: about {minutes:g} minutes of CPU time")
    log = cache / "build.log"
    log.write_bytes(b"")
    with tempfile.TemporaryDirectory(dir=cache, prefix=UNFINISHED) as temporary:
        result = Path(temporary) / "result"
        (result / "bin").mkdir(parents=True)
        for programs in PROGRAMS:
            with progress.step(f"{programs.lock} {programs.version} is built"):
                await _compile(go, programs, Path(temporary), result, log, progress)
        with progress.step("definitions of resources are there"):
            for definitions in DEFINITIONS:
                await _collect(go, definitions, Path(temporary), result)
            generated = result / "definitions" / "strimzi"
            generated.mkdir()
            await strimzi.generate(generated, log, progress)
        result.rename(cache / key())
    return Built(cache / key())


async def _compile(
    go: str, programs: Programs, temporary: Path, result: Path, log: Path, progress: Progress
) -> None:
    folder = temporary / programs.lock
    folder.mkdir(exist_ok=True)
    for name, text in programs.lock_files().items():
        (folder / name).write_text(text)
    output = result / "bin" / programs.output if programs.output else f"{result / 'bin'}{os.sep}"
    command = [go, "build", "-trimpath", "-ldflags", programs.linker_flags, "-o", str(output)]
    command += ["-tags", programs.tags] if programs.tags else []
    launch = Launch([*command, *programs.packages], env=os.environ | GO, cwd=folder)
    telling = asyncio.create_task(_tell(progress, f"still building {programs.lock}"))
    try:
        await run_to_end(f"go build of {programs.lock}", launch, log, BUILD_SECONDS)
    finally:
        telling.cancel()
    if programs.lock == "kwok":
        module = await _go(go, folder, "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok")
        stages = [file.read_text() for file in _manifests(Path(module.strip()), SIMULATION)]
        (result / "kwok.yaml").write_text("\n---\n".join([*stages, own_stages()]))


async def _collect(go: str, definitions: Definitions, temporary: Path, result: Path) -> None:
    """Errors: DevstackError if the module is not the one that was pinned."""
    answer = await _go(
        go, temporary, "mod", "download", "-json", f"{definitions.module}@{definitions.version}"
    )
    found = msgspec.json.decode(answer, type=dict[str, object])
    if found.get("Sum") != definitions.sum:
        raise DevstackError(f"{definitions.module}@{definitions.version} is not the module that was pinned")
    folder = result / "definitions" / definitions.name
    folder.mkdir(parents=True)
    for file in _manifests(Path(str(found["Dir"])), definitions.files):
        (folder / file.name).write_bytes(file.read_bytes())


def _manifests(module: Path, patterns: Iterable[str]) -> list[Path]:
    found = [file for pattern in patterns for file in sorted(module.glob(pattern))]
    return [file for file in found if file.name != "kustomization.yaml"]


async def _go(go: str, folder: Path, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        go, *arguments, cwd=folder, env=os.environ | GO, stdout=-1, stderr=-1
    )
    output, errors = await process.communicate()
    if process.returncode:
        words = (errors or output).decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise DevstackError(f"go {' '.join(arguments)}: {words[-1]}")
    return output.decode()


async def _tell(progress: Progress, text: str) -> None:
    while True:
        await asyncio.sleep(TELL_SECONDS)
        progress.say(text)


def _sweep(cache: Path) -> None:
    """What builds that were killed have left."""
    for left in cache.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _alone(cache: Path) -> Iterator[None]:
    with (cache / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
