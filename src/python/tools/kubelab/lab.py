"""One lab from its start to its end: the control plane is up, furnished, and stopped when asked."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from tools.devstack.data_dir import DataDir
from tools.devstack.ports import LOOPBACK, choose_ports
from tools.devstack.process import Process, ProcessId
from tools.devstack.progress import Progress
from tools.devstack.stack import write_private
from tools.devstack.supervisor import Supervisor
from tools.devstack.watching import ReportingWatcher
from tools.kubelab.build import Built
from tools.kubelab.credentials import ADMINISTRATORS, Credentials
from tools.kubelab.furnishing import furnish
from tools.kubelab.kubectl import Kubectl
from tools.kubelab.plan import PORTS, Plan
from tools.kubelab.programs import KUBERNETES
from tools.kubelab.site import Site

LAB_FILE = "lab.json"


@dataclass(frozen=True)
class Wanted:
    """What a lab is to have."""

    folder: Path
    nodes: int = 3
    definitions: bool = True
    karpenter: bool = False
    keda: bool = False


@dataclass(frozen=True)
class Lab:
    """A lab that is up."""

    supervisor: ProcessId
    kubernetes: str
    server: str
    kubeconfig: str
    kubectl: str
    ports: dict[str, int]

    @classmethod
    def find(cls, folder: Path) -> Self | None:
        """The lab of the folder, if its supervisor lives."""
        try:
            lab = msgspec.json.decode((folder / LAB_FILE).read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError):
            return None
        return lab if lab.supervisor.find() else None


def run_lab(wanted: Wanted, built: Built, progress: Progress, on_ready: Callable[[Lab], None]) -> None:
    """Returns after SIGINT or SIGTERM; no process is left, nor what the cluster held.

    Errors: DevstackError.
    """
    folder = DataDir(wanted.folder)
    with folder.locked():
        for name in folder.end_stale():
            progress.say(f"ended {name}, left over from a crash")
        folder.open_logs()
        shutil.rmtree(folder.path / "etcd", ignore_errors=True)
        asyncio.run(_Run(wanted, built, folder, progress).until_stopped(on_ready))


class _Run:
    def __init__(self, wanted: Wanted, built: Built, folder: DataDir, progress: Progress) -> None:
        self._wanted = wanted
        self._folder = folder
        self._progress = progress
        ports = choose_ports(PORTS, folder.path, fixed={})
        self._credentials = Credentials(folder.path / "credentials", ports["kube-apiserver"])
        self._kubectl = Kubectl(
            built.program("kubectl"), self._credentials.kubeconfig("admin", ADMINISTRATORS)
        )
        self._watcher = ReportingWatcher(progress, folder, lambda _: None)
        self._built = built
        self._plan = Plan(
            Site(built, folder.path, ports, self._credentials), karpenter=wanted.karpenter, keda=wanted.keda
        )
        self._supervisor = Supervisor(self._plan.units(self._furnish), Process.start, self._watcher)
        self._lab = Lab(
            ProcessId.of(os.getpid()),
            KUBERNETES,
            f"https://{LOOPBACK}:{ports['kube-apiserver']}",
            str(self._kubectl.config),
            self._kubectl.program,
            ports,
        )

    async def until_stopped(self, on_ready: Callable[[Lab], None]) -> None:
        loop = asyncio.get_running_loop()
        work = asyncio.create_task(self._work(on_ready))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, work.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await work

    async def _work(self, on_ready: Callable[[Lab], None]) -> None:
        file = self._folder.path / LAB_FILE
        try:
            await self._supervisor.start(lambda server: server.prepare(self._progress))
            write_private(file, msgspec.json.format(msgspec.json.encode(self._lab)))
            on_ready(self._lab)
            await self._supervisor.watch()
        except Exception:
            self._watcher.failing = True
            raise
        finally:
            file.unlink(missing_ok=True)
            await self._supervisor.stop()
            shutil.rmtree(self._folder.path / "etcd", ignore_errors=True)

    async def _furnish(self) -> None:
        await furnish(
            self._kubectl,
            definitions=self._built.definitions() if self._wanted.definitions else [],
            nodes=self._wanted.nodes,
            aggregated=self._plan.aggregated,
            authority=self._credentials.authority,
        )
