"""The addresses of a compose project: each service by its name, at the ports of its image."""

from collections.abc import Mapping
from pathlib import Path

from tools.devstack.services import DATABASES, GATEWAY, KAFKA, NAMES, POSTGRES, PUBLIC_PORT, VALKEY, Wiring

HTTP, GRPC, PUBLIC, ADMIN = 8080, 9090, 8000, 9901
PORTS: Mapping[str, int] = {"http": HTTP, "grpc": GRPC, "public": PUBLIC, "admin": ADMIN}
# One for all, from the caller's environment: it never leaves the machine.
PASSWORD = "${SEAWALL_PASSWORD:?}"  # noqa: S105
SIGNING_KEY = Path("/run/secrets/signing_key")


class ComposeWiring(Wiring):
    """Names in the place of loopback and chosen ports."""

    def addresses(self, service: str, port: str = "http") -> list[str]:
        """The service by its name, whichever of its containers answers."""
        return [f"{service}:{PORTS[port]}"]

    @property
    def gateway_url(self) -> str:
        """The public address as containers reach it."""
        return f"http://{GATEWAY}:{PUBLIC}"


def wiring() -> ComposeWiring:
    """All services, one of each."""
    return ComposeWiring(
        ports={PUBLIC_PORT: PUBLIC, f"{GATEWAY}.admin": ADMIN},
        instances={name: (name,) for name in NAMES},
        database_urls={name: f"postgresql://{name}:{PASSWORD}@{POSTGRES}:5432/{name}" for name in DATABASES},
        broker_url=f"kafka://{KAFKA}:9092",
        valkey_url=f"redis://{VALKEY}:6379/0",
        signing_key_file=SIGNING_KEY,
        operator_email="operator@seawall.example",
        operator_password=PASSWORD,
        gateway_folder=Path("/tmp/xds"),  # noqa: S108 within a container of its own
    )
