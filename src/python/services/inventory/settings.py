"""The settings of inventory: the only place that reads the environment."""

from seawall.settings import ServiceSettings


class InventorySettings(ServiceSettings):
    """Beside what every service has: its stores, and where it serves gRPC (0 takes a free port).

    SEAWALL_GRPC_REFLECTION lets tools like grpcurl ask what it serves.
    """

    database_url: str
    broker_url: str
    valkey_url: str
    grpc_port: int = 0
    grpc_reflection: bool = False
    hold_seconds: float = 30.0
    # As long as Kafka keeps messages by default: what it has forgotten cannot come again.
    inbox_retention_seconds: float = 7 * 86_400.0
