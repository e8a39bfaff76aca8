"""Payments as a process that can be killed: `python process.py PREFIX`, with its settings set."""

import sys

from integration.inventory.namespaced import namespaced
from seawall.settings import load
from seawall.telemetry import configure_logging
from seawall.web import run
from services.payments.app import build
from services.payments.settings import Settings

if __name__ == "__main__":
    settings = load(Settings)
    configure_logging("payments", settings.log_level)
    run(build(settings, namespaced(sys.argv[1])), settings)
