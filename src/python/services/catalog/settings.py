"""What the catalog service is told by its environment."""

from seawall.settings import ServiceSettings


class CatalogSettings(ServiceSettings):
    """SEAWALL_DATABASE_URL, SEAWALL_BROKER_URL; SEAWALL_SEED puts the demonstration goods on the shelves."""

    database_url: str
    broker_url: str
    seed: bool = False
