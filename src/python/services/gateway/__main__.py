"""`python -m services.gateway`: Envoy and its control plane, until SIGTERM."""

import sys

from seawall.settings import load
from seawall.telemetry import configure_logging
from seawall.web import run
from services.gateway.app import build
from services.gateway.route_file import RouteFileError
from services.gateway.settings import GatewaySettings


def main() -> None:
    """Reads the settings, serves until SIGTERM."""
    settings = load(GatewaySettings)
    configure_logging("gateway", settings.log_level)
    try:
        app = build(settings)
    except RouteFileError as error:
        print(error, file=sys.stderr)  # noqa: T201 - like any other setting that is wrong
        raise SystemExit(2) from None
    run(app, settings)


if __name__ == "__main__":
    main()
