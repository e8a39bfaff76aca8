"""What each process of the reference reads from its environment."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """REFERENCE_PORT and so on; the URLs that a service does not call stay empty."""

    model_config = SettingsConfigDict(env_prefix="REFERENCE_")

    port: int = 0
    workers: int = 1
    database_url: str = ""
    inventory_url: str = ""
    payments_url: str = ""
    provider_url: str = ""
    pool_size: int = 20
    max_overflow: int = 10
    call_timeout_seconds: float = 10.0
