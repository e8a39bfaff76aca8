"""python -m services.inventory"""

from seawall.settings import load
from seawall.telemetry import configure_logging
from seawall.web import run
from services.inventory.app import build
from services.inventory.settings import InventorySettings


def main() -> None:
    """Serves until SIGTERM."""
    settings = load(InventorySettings)
    configure_logging("inventory", settings.log_level)
    run(build(settings), settings)


if __name__ == "__main__":
    main()
