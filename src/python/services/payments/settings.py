"""The only reader of the environment."""

from pydantic import Field

from seawall.settings import ServiceSettings


class Settings(ServiceSettings):
    """Where the service's own database, the broker and the payment provider are."""

    database_url: str
    broker_url: str
    provider_url: str
    charge_concurrency: int = Field(default=64, ge=1, le=1000)
    provider_timeout_seconds: float = Field(default=2.0, gt=0, le=30)
    # As long as Kafka keeps messages by default: what it has forgotten cannot come again.
    inbox_retention_seconds: float = Field(default=7 * 86_400.0, ge=0)
    # A crashed replica's charges are taken over after this; it must outlast two calls and a commit.
    lease_seconds: float = Field(default=10.0, gt=0, le=300)
