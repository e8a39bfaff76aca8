"""Starts the real `up` as a program, and knows all processes that come of it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from tools.devstack.stack import Stack

READY_SECONDS = 300  # a cold machine downloads and prepares Kafka first
END_SECONDS = 60


class Up:
    """`up` in a data dir of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._process: subprocess.Popen[bytes] | None = None
        self._output = data_dir / "output.txt"

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "tools.devstack.cli", "--data-dir", str(self.data_dir), *arguments]

    def run(
        self, *arguments: str, timeout: float = READY_SECONDS, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs `up` with the arguments, and with the settings in its environment, to its end."""
        return subprocess.run(
            self.command(*arguments),
            env=environment() | settings,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, *arguments: str, **settings: str) -> Stack:
        """Starts `up` in front, as a terminal would, and waits until it is ready."""
        with self._output.open("w") as output:
            self._process = process = subprocess.Popen(
                self.command("--port", "0", *arguments),
                env=environment() | settings,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + READY_SECONDS
        while (stack := Stack.find(self.data_dir)) is None:
            assert process.poll() is None, self.output()
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.05)
        return stack

    def output(self) -> str:
        return self._output.read_text()

    def signal(self, number: signal.Signals) -> int:
        """Sends the signal to `up` alone, and returns its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(END_SECONDS)

    def family(self) -> list[psutil.Process]:
        """`up` and all that it started, however deep."""
        assert self._process is not None
        up = psutil.Process(self._process.pid)
        return [up, *up.children(recursive=True)]

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(END_SECONDS)
        self.run("--stop", timeout=END_SECONDS + 10)


@contextlib.contextmanager
def running_up() -> Iterator[Up]:
    """An `up` in a new folder that every user can look into; nothing of it is left afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="seawall-e2e-"))
    folder.chmod(0o755)
    up = Up(folder)
    try:
        yield up
    finally:
        up.close()
        shutil.rmtree(folder, ignore_errors=True)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; a reused number is another process."""
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
