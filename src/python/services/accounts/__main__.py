"""Runs the service: `python -m services.accounts`."""

from seawall.settings import load
from seawall.telemetry import configure_logging
from seawall.web import run
from services.accounts.app import build
from services.accounts.settings import AccountsSettings


def main() -> None:
    """Reads the settings, serves until SIGTERM."""
    settings = load(AccountsSettings)
    configure_logging("accounts", settings.log_level)
    run(build(settings), settings)


if __name__ == "__main__":
    main()
