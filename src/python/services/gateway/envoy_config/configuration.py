"""One generated configuration: the files that Envoy reads, and one document to validate it by."""

import json
from dataclasses import dataclass
from pathlib import Path

from services.gateway.endpoints import Endpoints
from services.gateway.envoy_config.bootstrap import bootstrap, overload_manager, static_bootstrap
from services.gateway.envoy_config.clusters import assignment, clusters, clusters_with_endpoints
from services.gateway.envoy_config.listener import NAME, TLS_NAME, listener, listener_with_routes
from services.gateway.envoy_config.rate_limits import rate_limit_cluster
from services.gateway.envoy_config.resource import Json
from services.gateway.envoy_config.route_config import route_config
from services.gateway.envoy_config.tls import (
    Tls,
    certificate_secret,
    transport_socket,
    transport_socket_with_files,
)
from services.gateway.route_table import RouteTable

BOOTSTRAP = "bootstrap.json"
LISTENERS = "listeners.json"
ROUTES = "routes.json"
CLUSTERS = "clusters.json"
CERTIFICATE = "certificate.json"


@dataclass(frozen=True)
class Edge:
    """What one Envoy is, besides its routes: addresses, folder of its files, limits.

    Without a port on loopback where the rate limit service answers, nothing is limited.
    """

    listen_host: str
    listen_port: int
    admin_port: int
    folder: Path
    max_heap_bytes: int = 512 * 1024 * 1024
    max_connections: int = 20_000
    rate_limit_port: int | None = None
    tls: Tls | None = None

    @property
    def listeners(self) -> tuple[str, ...]:
        """The names of its listeners."""
        return (NAME, TLS_NAME) if self.tls else (NAME,)

    def file(self, name: str) -> str:
        """The absolute path of one of the files."""
        return str(self.folder.absolute() / name)


def configuration_files(edge: Edge, table: RouteTable, endpoints: Endpoints) -> dict[str, str]:
    """File name to text, in the order in which the files must appear."""
    overload = overload_manager(edge.max_heap_bytes, edge.max_connections)
    start = bootstrap(edge.admin_port, overload, edge.file(LISTENERS), edge.file(CLUSTERS))
    certificate = {CERTIFICATE: _discovery([certificate_secret(edge.tls)])} if edge.tls else {}
    return endpoint_files(table, endpoints) | {
        CLUSTERS: _discovery(
            clusters(table, lambda service: edge.file(_endpoints_of(service))) + _rate_limits(edge)
        ),
        ROUTES: _discovery([route_config(table)]),
        **certificate,
        LISTENERS: _discovery(_listeners(edge)),
        BOOTSTRAP: json.dumps(start, indent=1),
    }


def endpoint_files(table: RouteTable, endpoints: Endpoints) -> dict[str, str]:
    """A file of endpoints per service (Envoy wants them apart): those that change while Envoy runs."""
    return {_endpoints_of(name): _discovery([assignment(name, endpoints)]) for name in table.services}


def validation_document(edge: Edge, table: RouteTable, endpoints: Endpoints) -> str:
    """The same configuration in one static document: `--mode validate` reads no resource files."""
    overload = overload_manager(edge.max_heap_bytes, edge.max_connections)
    routes = route_config(table)
    is_limited = edge.rate_limit_port is not None
    public = [listener_with_routes(edge.listen_host, edge.listen_port, routes, is_limited=is_limited)]
    if edge.tls:
        socket = transport_socket_with_files(edge.tls)
        public.append(
            listener_with_routes(edge.listen_host, edge.tls.port, routes, socket, is_limited=is_limited)
        )
    reached = clusters_with_endpoints(table, endpoints) + _rate_limits(edge)
    return json.dumps(static_bootstrap(overload, public, reached))


def _rate_limits(edge: Edge) -> list[Json]:
    return [] if edge.rate_limit_port is None else [rate_limit_cluster(edge.rate_limit_port)]


def _listeners(edge: Edge) -> list[Json]:
    is_limited, routes = edge.rate_limit_port is not None, edge.file(ROUTES)
    made = [listener(edge.listen_host, edge.listen_port, routes, is_limited=is_limited)]
    if edge.tls:
        socket = transport_socket(edge.file(CERTIFICATE))
        made.append(listener(edge.listen_host, edge.tls.port, routes, socket, is_limited=is_limited))
    return made


def _discovery(resources: list[Json]) -> str:
    return json.dumps({"resources": resources}, indent=1)


def _endpoints_of(service: str) -> str:
    return f"endpoints.{service}.json"
