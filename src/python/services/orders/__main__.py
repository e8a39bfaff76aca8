"""python -m services.orders"""

import sys

from seawall.settings import load
from seawall.sql import migrate_if_asked
from seawall.telemetry import configure_logging
from seawall.web import run
from services.orders.app import MIGRATIONS, build
from services.orders.settings import OrdersSettings


def main() -> None:
    """Serves until SIGTERM, or changes the schema with `migrate`; exits 2 on bad settings."""
    settings = load(OrdersSettings)
    configure_logging("orders", settings.log_level)
    if not migrate_if_asked(sys.argv[1:], settings.database_url, MIGRATIONS):
        run(build(settings), settings)


if __name__ == "__main__":
    main()
