"""What the processes of a stack use, seen from outside."""

import subprocess
import sys
import time

import pytest

from tools.rehearsal.processes import OURSELVES, ProcessWatch

BUSY = "while True: pass"


@pytest.fixture
def busy():
    """Starts processes that use their processor; all are ended."""
    started = []

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", BUSY])
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def look_until(watch, check):
    while not check({usage.name: usage for usage in watch.usages()}):
        time.sleep(0.05)
        watch.look()


def test_memory_and_processor_time_count_from_the_watch_on(busy):
    """What was used before is not counted; the busiest process comes first."""
    process = busy()
    watch = ProcessWatch(lambda: {"busy": process.pid})
    assert {usage.cpu_seconds for usage in watch.usages()} == {0.0}
    look_until(watch, lambda usages: usages["busy"].cpu_seconds > 0.2)
    first, *_ = watch.usages()
    assert first.name == "busy"
    assert first.peak_rss_mib >= first.rss_mib > 1


def test_a_restarted_process_goes_on_under_its_name(busy):
    """Its processor time adds up, and the restart is counted."""
    pids = {"busy": busy().pid}
    watch = ProcessWatch(lambda: pids)
    look_until(watch, lambda usages: usages["busy"].cpu_seconds > 0.2)
    pids = {"busy": busy().pid}
    look_until(watch, lambda usages: usages["busy"].cpu_seconds > 0.4)
    usages = {usage.name: usage for usage in watch.usages()}
    assert usages["busy"].restarts == 1
    assert usages[OURSELVES].restarts == 0


def test_a_process_that_has_ended_keeps_its_last_figures(busy):
    """Nobody knows its pid any more."""
    process = busy()
    pids = {"busy": process.pid}
    watch = ProcessWatch(lambda: pids)
    look_until(watch, lambda usages: usages["busy"].cpu_seconds > 0.1)
    process.kill()
    process.wait()
    watch.look()
    pids = {}
    watch.look()
    usages = {usage.name: usage for usage in watch.usages()}
    assert usages["busy"].cpu_seconds > 0.1
    assert usages["busy"].rss_mib > 1
