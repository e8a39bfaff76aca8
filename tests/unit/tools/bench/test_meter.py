"""Processor time, told apart by who used it."""

import subprocess
import sys

import pytest

from seawall.testing import until
from tools.bench.meter import Meter

BUSY = "while True: pass"


@pytest.fixture
def busy():
    """A process that uses a core."""
    process = subprocess.Popen([sys.executable, "-c", BUSY])
    yield process.pid
    process.kill()
    process.wait()


async def test_time_of_the_systems_processes_is_theirs(busy):
    """By name."""
    meter = Meter(lambda: {"orders": busy})
    await until(lambda: meter.read().cpu_seconds["orders"] > 0.3)


async def test_time_of_all_others_is_seen(busy):
    """What the machine does besides belongs to the figures."""
    meter = Meter(dict)
    await until(lambda: meter.read().others_cores > 0.2)
