"""python -m services.orders"""

from seawall.settings import load
from seawall.telemetry import configure_logging
from seawall.web import run
from services.orders.app import build
from services.orders.settings import OrdersSettings


def main() -> None:
    """Serves until SIGTERM."""
    settings = load(OrdersSettings)
    configure_logging("orders", settings.log_level)
    run(build(settings), settings)


if __name__ == "__main__":
    main()
