"""Orders as a process of its own; started by `python process.py PREFIX` with its settings set."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from integration.inventory.namespaced import namespaced
from seawall.settings import load
from seawall.telemetry import configure_logging
from seawall.web import run
from services.orders.app import build
from services.orders.settings import OrdersSettings


def start(
    prefix: str, log: Path, environment: Mapping[str, str], **settings: object
) -> "subprocess.Popen[bytes]":
    """Starts a replica in the corner `prefix` of the broker."""
    given = {f"SEAWALL_{name.upper()}": str(value) for name, value in settings.items()}
    # A service refuses settings that it does not know, and tests have settings of their own.
    around = {name: value for name, value in os.environ.items() if not name.startswith("SEAWALL_")}
    with log.open("ab") as output:
        return subprocess.Popen(
            # -P: the folder of this file has a module `shop`, and so have the stubs.
            [sys.executable, "-P", __file__, prefix],
            env={**around, **given, **environment, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )


if __name__ == "__main__":
    orders = load(OrdersSettings)
    configure_logging("orders", orders.log_level)
    run(build(orders, namespaced(sys.argv[1])), orders)
