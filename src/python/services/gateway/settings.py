"""The gateway's settings: the only reader of the environment."""

from pathlib import Path

from pydantic import Field, field_validator

from seawall.settings import ServiceSettings
from services.gateway.endpoints import parse_endpoints


class GatewaySettings(ServiceSettings):
    """HOST:PORT is the control plane (livez, readyz, metrics); LISTEN_HOST:LISTEN_PORT is the public door."""

    listen_host: str = "127.0.0.1"
    listen_port: int = Field(default=0, ge=0, le=65535)
    admin_port: int = Field(default=0, ge=0, le=65535)
    endpoints: str = ""
    endpoints_path: Path | None = None
    xds_dir: Path
    routes_file: Path | None = None
    envoy_path: Path | None = None
    envoy_workers: int = Field(default=2, ge=1, le=64)
    envoy_heap_bytes: int = Field(default=512 * 1024 * 1024, ge=64 * 1024 * 1024)
    max_downstream_connections: int = Field(default=20_000, ge=1, le=1_000_000)

    @field_validator("endpoints")
    @classmethod
    def _endpoints_parse(cls, value: str) -> str:
        parse_endpoints(value)
        return value
