"""Our children, as real processes."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from seawall.testing import until
from tools.devstack.failures import StartFailed
from tools.devstack.process import Launch, Process, ProcessId
from tools.devstack.readiness import run_to_end


def python(code, **options):
    return Launch([sys.executable, "-c", code], **options)


SLEEP = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
WITH_CHILD = (
    "import subprocess, sys; "
    f"subprocess.Popen([sys.executable, '-c', {STUBBORN!r}], start_new_session=True); "
    f"{SLEEP}"
)


async def test_stop_asks_first(start):
    """A process that ends by itself when asked has its own return code."""
    process = start.launch("polite", python(SLEEP))
    await until(lambda: "up" in process.output())
    assert await process.stop(grace_seconds=10) == -signal.SIGTERM


async def test_stop_kills_after_the_grace(start):
    """A process that does not listen is killed."""
    process = start.launch("stubborn", python(STUBBORN))
    await until(lambda: "up" in process.output())
    assert await process.stop(grace_seconds=0.1) == -signal.SIGKILL


async def test_own_stop_signal(start):
    """The signal is the launch's own."""
    process = start.launch("interrupted", python(SLEEP, stop_signal=signal.SIGINT))
    await until(lambda: "up" in process.output())
    await process.stop()
    assert "KeyboardInterrupt" in process.output()


async def test_grandchildren_end_too(start, family, gone):
    """A child of the child does not outlive it, were it in a session of its own and stubborn."""
    process = start.launch("parent", python(WITH_CHILD))
    await until(lambda: process.output().count("up") == 2)
    processes = family(process.pid)
    assert len(processes) == 2
    await process.stop()
    assert gone(processes)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_dies_with_its_parent(tmp_path, gone):
    """kill -9 of the process that started it does not leave it behind."""
    log = tmp_path / "log"
    code = (
        "import pathlib, sys, time; from tools.devstack.process import Launch, Process; "
        f"launch = Launch([sys.executable, '-c', {SLEEP!r}]); "
        f"print(Process.start('orphan', launch, pathlib.Path({str(log)!r})).pid, flush=True); time.sleep(600)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=env) as parent:
        assert parent.stdout is not None
        orphan = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    assert gone([orphan])


async def test_output_is_its_own(start):
    """What an earlier process of that name has written to the log is not shown as this one's."""
    first = start.launch("twice", python("print('first')"))
    await first.wait()
    second = start.launch("twice", python("print('second')"))
    await second.wait()
    assert first.log == second.log
    assert second.output().strip() == "second"


def test_cannot_be_executed(tmp_path):
    """A program that is not there is one line with its path."""
    with pytest.raises(StartFailed, match=r"^x cannot be started: /no/such/program: No such file"):
        Process.start("x", Launch(["/no/such/program"]), tmp_path / "log")


async def test_failed_run_says_its_last_line(tmp_path):
    """A program that fails is one line with its last words and the log."""
    with pytest.raises(StartFailed, match=r"^tool ended with code 1: RuntimeError: disk full \(log: .*\)$"):
        await run_to_end("tool", python("raise RuntimeError('disk full')"), tmp_path / "log")


async def test_slow_run_is_ended(tmp_path, start):
    """A program that takes too long is ended, and told."""
    with pytest.raises(StartFailed, match=r"did not end within 0\.2 s"):
        await run_to_end("slow", python(SLEEP), tmp_path / "log", timeout_seconds=0.2)


async def test_reused_pid_is_not_ours(start):
    """A process with the same number but another start time is neither found nor ended."""
    process = start.launch("other", python(SLEEP))
    other = ProcessId(process.pid, process.id.started_at - 10)
    assert process.id.find() is not None
    assert other.find() is None
    other.end()
    assert process.alive


async def test_end_of_a_recorded_process(start, family, gone):
    """A process is ended by its record, with its children, by somebody who did not start it."""
    process = start.launch("recorded", python(WITH_CHILD))
    await until(lambda: process.output().count("up") == 2)
    processes = family(process.pid)
    process.id.end(grace_seconds=5)
    assert gone(processes)
    assert process.id.find() is None
    began = time.monotonic()
    process.id.end()
    assert time.monotonic() - began < 5
