"""The gateway's settings: the only reader of the environment."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, FilePath, SecretStr, field_validator, model_validator

from seawall.settings import ServiceSettings
from services.gateway.endpoints import parse_endpoints


class GatewaySettings(ServiceSettings):
    """HOST:PORT is the control plane (livez, readyz, metrics); LISTEN_HOST:LISTEN_PORT is the public door."""

    # It runs one Envoy, which has workers of its own.
    workers: Annotated[int, Field(ge=1, le=1)] = 1
    listen_host: str = "127.0.0.1"
    listen_port: int = Field(default=0, ge=0, le=65535)
    tls_port: int | None = Field(default=None, ge=0, le=65535)
    tls_certificate: FilePath | None = None
    tls_key: FilePath | None = None
    admin_port: int = Field(default=0, ge=0, le=65535)
    endpoints: str = ""
    endpoints_path: Path | None = None
    endpoints_dns: str = ""
    xds_dir: Path
    routes_file: Path | None = None
    envoy_path: Path | None = None
    envoy_workers: int = Field(default=2, ge=1, le=64)
    envoy_heap_bytes: int = Field(default=512 * 1024 * 1024, ge=64 * 1024 * 1024)
    valkey_url: SecretStr | None = None
    replicas: int = Field(default=1, ge=1, le=1000)
    max_downstream_connections: int = Field(default=20_000, ge=1, le=1_000_000)

    @field_validator("endpoints")
    @classmethod
    def _endpoints_parse(cls, value: str) -> str:
        parse_endpoints(value)
        return value

    @model_validator(mode="after")
    def _one_source_moves(self) -> Self:
        if self.endpoints_dns and self.endpoints_path is not None:
            raise ValueError("endpoints_path or endpoints_dns, not both")
        return self

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        given = {name: getattr(self, name) is not None for name in ("tls_port", "tls_certificate", "tls_key")}
        if any(given.values()) and not all(given.values()):
            missing = ", ".join(name for name, there in given.items() if not there)
            raise ValueError(f"tls_port, tls_certificate and tls_key belong together; missing: {missing}")
        if self.tls_port and self.tls_port == self.listen_port:
            raise ValueError("tls_port is listen_port; plain HTTP and TLS have a port each")
        if self.tls_certificate and self.tls_key and self.tls_certificate.parent != self.tls_key.parent:
            raise ValueError("tls_key is not in the folder of tls_certificate; they are replaced together")
        return self

    @field_validator("endpoints_dns")
    @classmethod
    def _each_service_has_one_name(cls, value: str) -> str:
        if any(len(names) != 1 for names in parse_endpoints(value).values()):
            raise ValueError("endpoints_dns is service=name:port, one name for each service")
        return value
