"""A short rehearsal in chaos on a stack of its own: whatever is killed, every promise is kept."""

import json
import subprocess
import sys

import psutil
import pytest

from e2e.running import environment, running_up

RUN_SECONDS = 420
SHARED_WORK = ("--replicas", "inventory=2,orders=2,payments=2")


@pytest.fixture
def up():
    """A whole shop, with two of each service that takes turns."""
    with running_up() as up:
        up.start(*SHARED_WORK)
        yield up


def rehearse(up, *flags: str) -> subprocess.CompletedProcess[str]:
    """A rehearsal as a program, on the shop that is up."""
    command = [sys.executable, "-m", "tools.rehearsal.cli", "--data-dir", str(up.data_dir), *flags]
    return subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )


def test_every_promise_is_kept_in_chaos(up):
    """Services and servers killed, paused and restarted, the provider at its worst: the stores agree."""
    load = ("--rate", "10", "--duration", "30", "--customers", "200", "--stock", "150", "--cap", "10")
    run = rehearse(up, *load, "--chaos", "kill", "--chaos-seed", "1", "--settle", "200")
    assert run.returncode == 0, f"{run.stdout[-6000:]}\n{run.stderr}\n{up.output()}"
    report = json.loads(next((up.data_dir / "rehearsals").glob("*.json")).read_bytes())
    assert report["quiet"]["still_under_way"] == {}
    assert report["headline"]["confirmed_per_second"] > 0
    done = [fault for fault in report["faults"] if not fault["skipped"]]
    assert {fault["kind"] for fault in done} >= {"kill", "pause"}
    assert all(fault["ended_seconds"] is not None for fault in done)
    assert not [one for one in up.family() if one.status() == psutil.STATUS_STOPPED]
