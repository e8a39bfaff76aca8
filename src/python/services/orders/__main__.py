"""python -m services.orders"""

from seawall.settings import load
from seawall.web import run
from services.orders.app import build
from services.orders.settings import OrdersSettings


def main() -> None:
    """Serves until SIGTERM."""
    settings = load(OrdersSettings)
    run(build(settings), settings)


if __name__ == "__main__":
    main()
