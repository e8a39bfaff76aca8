"""`python -m services.storefront`."""

from seawall.settings import load
from seawall.telemetry import configure_logging
from seawall.web import run
from services.storefront.app import build
from services.storefront.settings import StorefrontSettings


def main() -> None:
    """Serves until SIGTERM; exits 2 on bad settings."""
    settings = load(StorefrontSettings)
    configure_logging("storefront", settings.log_level)
    run(build(settings), settings)


if __name__ == "__main__":
    main()
