"""The settings of orders: the only place that reads the environment."""

from seawall.settings import ServiceSettings


class OrdersSettings(ServiceSettings):
    """Beside what every service has: its stores, and the addresses of inventory, "host:port,host:port"."""

    database_url: str
    broker_url: str
    inventory_target: str
    # Outlasts a consumer that was killed (its session: 10 s) and a broker's restart; a hold lasts 30 s.
    reserve_timeout_seconds: float = 25.0
    charge_timeout_seconds: float = 60.0
    max_watchers: int = 5_000
    max_accepting: int = 256
    saga_retention_seconds: float = 30 * 86_400.0
