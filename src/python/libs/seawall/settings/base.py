"""What every service can be told."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "SEAWALL_"


class ServiceSettings(BaseSettings):
    """The settings of a service are a subclass of this; each field is read from `SEAWALL_<NAME>`.

    `SEAWALL_<NAME>_FILE` names a file that holds the value, for secrets that are mounted.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    # Processes that share the port, on a machine whose cores one cannot use; a pod has one.
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    drain_seconds: Annotated[float, Field(ge=0, le=300)] = 5.0
    migrate_on_start: bool = True
    # Of an OpenTelemetry collector, "http://host:4318"; without it no span is made.
    otlp_endpoint: Annotated[str, Field(pattern=r"^(https?://[^/\s]+/?)?$")] = ""
    trace_sample_ratio: Annotated[float, Field(ge=0, le=1)] = 0.01

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `read` or a test passes: a class that is made never reads the environment by itself."""
        return (init_settings,)
