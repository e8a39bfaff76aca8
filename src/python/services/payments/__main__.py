"""Runs the service: `python -m services.payments`."""

from seawall.settings import load
from seawall.telemetry import configure_logging
from seawall.web import run
from services.payments.app import build
from services.payments.settings import Settings


def main() -> None:
    settings = load(Settings)
    configure_logging("payments", settings.log_level)
    run(build(settings), settings)


if __name__ == "__main__":
    main()
