"""Inventory as a process that can be killed; started by `python process.py PREFIX` with its settings set."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from integration.inventory.namespaced import namespaced
from seawall.settings import load
from seawall.telemetry import configure_logging
from seawall.web import run
from services.inventory.app import build
from services.inventory.settings import InventorySettings


def start(prefix: str, log: Path, **settings: object) -> "subprocess.Popen[bytes]":
    """Starts a replica in the corner `prefix` of the broker."""
    environment = {f"SEAWALL_{name.upper()}": str(value) for name, value in settings.items()}
    # A service refuses settings that it does not know, and tests have settings of their own.
    around = {name: value for name, value in os.environ.items() if not name.startswith("SEAWALL_")}
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, __file__, prefix],
            env={**around, **environment, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Ends it without any warning."""
    process.send_signal(signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    inventory = load(InventorySettings)
    configure_logging("inventory", inventory.log_level)
    run(build(inventory, namespaced(sys.argv[1])), inventory)
