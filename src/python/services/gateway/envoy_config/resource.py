"""Small builders that every Envoy resource here is made of."""

from typing import Any

Json = dict[str, Any]

TYPES = "type.googleapis.com/"
FILTERS = "envoy.extensions.filters.http"


def typed(type_name: str, **fields: Any) -> Json:
    """A protobuf Any in JSON."""
    return {"@type": TYPES + type_name, **fields}


def duration(seconds: float) -> str:
    """A protobuf Duration in JSON."""
    return f"{seconds:.3f}s"


def socket_address(host: str, port: int) -> Json:
    """An address to listen on or to connect to."""
    return {"socket_address": {"address": host, "port_value": port}}


def file_source(path: str) -> Json:
    """A resource that Envoy reads from a file, and again whenever the file is replaced by a rename."""
    return {"resource_api_version": "V3", "path_config_source": {"path": path}}
