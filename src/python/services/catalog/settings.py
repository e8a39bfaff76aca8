"""What the catalog service is told by its environment."""

from seawall.settings import ServiceSettings


class CatalogSettings(ServiceSettings):
    """SEAWALL_DATABASE_URL, SEAWALL_BROKER_URL; SEAWALL_SEED puts the demonstration goods on the shelves.

    SEAWALL_VALKEY_URL is where replicas share what they have read; SEAWALL_CACHE_PREFIX begins its keys.
    """

    database_url: str
    broker_url: str
    valkey_url: str | None = None
    cache_prefix: str = "catalog"
    seed: bool = False
