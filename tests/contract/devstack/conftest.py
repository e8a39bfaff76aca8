import contextlib
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tools.devstack.postgres_home import remove_data
from tools.devstack.process import Process
from tools.devstack.progress import silent
from tools.devstack.readiness import start_server


@dataclass
class Started:
    """Starts servers, and ends those that a test leaves behind."""

    log: Path
    processes: list[Process] = field(default_factory=list)

    async def __call__(self, server, timeout_seconds=60.0):
        process = await start_server(server, self.log / f"{server.name}.log", silent(), timeout_seconds)
        self.processes.append(process)
        return process

    def launch(self, name, launch):
        process = Process.start(name, launch, self.log / f"{name}.log")
        self.processes.append(process)
        return process


@pytest.fixture
def data(tmp_path):
    """A folder for a server's data; removed after the test with what links in it lead to."""
    yield tmp_path / "data"
    remove_data(tmp_path / "data")


@pytest.fixture
async def start(tmp_path, data):
    """Starts a server; what still runs after the test is stopped."""
    started = Started(tmp_path / "logs")
    yield started
    for process in started.processes:
        await process.stop(grace_seconds=5.0)


@pytest.fixture
def family():
    """The process of a pid and all its descendants, as they are now."""

    def find(pid):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]

    return find


@pytest.fixture
def gone():
    """Whether none of the processes runs any more; each gets a moment."""

    def check(processes):
        with contextlib.suppress(psutil.NoSuchProcess):
            _, alive = psutil.wait_procs(processes, timeout=5.0)
            return all(process.status() == psutil.STATUS_ZOMBIE for process in alive)
        return True

    return check
