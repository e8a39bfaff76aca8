"""Runs the simulator: `python -m services.psp_simulator`."""

from seawall.settings import load
from seawall.telemetry import configure_logging
from seawall.web import run
from services.psp_simulator.app import build
from services.psp_simulator.settings import Settings


def main() -> None:
    settings = load(Settings)
    configure_logging("psp_simulator", settings.log_level)
    run(build(settings), settings)


if __name__ == "__main__":
    main()
