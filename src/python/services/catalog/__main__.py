"""`python -m services.catalog`."""

from seawall.settings import load
from seawall.telemetry import configure_logging
from seawall.web import run
from services.catalog.app import build
from services.catalog.settings import CatalogSettings


def main() -> None:
    """Serves until SIGTERM; exits 2 on bad settings."""
    settings = load(CatalogSettings)
    configure_logging("catalog", settings.log_level)
    run(build(settings), settings)


if __name__ == "__main__":
    main()
