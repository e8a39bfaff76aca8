"""The program itself: whatever ends it, nothing is left running."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from seawall.testing import until
from tools.bench import cli


@pytest.fixture
def bench(tmp_path):
    """A bench of the reference that has just begun."""
    flags = ["--only", "purchase", "--rounds", "1", "--report-dir", str(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", cli.__name__, *flags],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_all_that_was_started(bench, tmp_path, number):
    """The report has what was measured until then, here nothing."""
    program = psutil.Process(bench.pid)
    await until(lambda: len(program.children()) >= 2, timeout_seconds=60)
    started = program.children(recursive=True)
    bench.send_signal(number)
    said, _ = bench.communicate(timeout=60)
    assert bench.returncode == 130
    assert "starting the reference" in said
    assert [child for child in started if child.is_running()] == []
    assert len(list(tmp_path.glob("bench-*.json"))) == 1
