"""Clusters and their endpoints: how each service is reached, protected and judged healthy."""

from collections.abc import Callable, Iterable

from services.gateway.endpoints import Endpoint, Endpoints
from services.gateway.envoy_config.resource import Json, duration, file_source, socket_address, typed
from services.gateway.route_table import RouteTable, ServiceLimits

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def clusters(table: RouteTable, endpoints_file: Callable[[str], str]) -> list[Json]:
    """A cluster for every service of the table; its endpoints come from the file of that service."""
    return [
        _cluster(name, limits)
        | {"type": "EDS", "eds_cluster_config": {"eds_config": file_source(endpoints_file(name))}}
        for name, limits in table.services.items()
    ]


def clusters_with_endpoints(table: RouteTable, endpoints: Endpoints) -> list[Json]:
    """The same clusters with their endpoints inside, as `envoy --mode validate` can judge them."""
    return [
        _cluster(name, limits)
        | {"type": "STATIC", "load_assignment": _assignment(name, endpoints.get(name, ()))}
        for name, limits in table.services.items()
    ]


def assignment(name: str, endpoints: Endpoints) -> Json:
    """The endpoints of one service; a service without one answers 503."""
    kind = "envoy.config.endpoint.v3.ClusterLoadAssignment"
    return typed(kind, **_assignment(name, endpoints.get(name, ())))


def _assignment(name: str, endpoints: Iterable[Endpoint]) -> Json:
    hosts = [{"endpoint": {"address": socket_address(*endpoint)}} for endpoint in endpoints]
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": hosts}]}


def _cluster(name: str, limits: ServiceLimits) -> Json:
    return typed(
        "envoy.config.cluster.v3.Cluster",
        name=name,
        connect_timeout=duration(1),
        lb_policy="LEAST_REQUEST",
        least_request_lb_config={"slow_start_config": {"slow_start_window": duration(10)}},
        common_lb_config={"healthy_panic_threshold": {"value": 50}},
        ignore_health_on_host_removal=True,
        circuit_breakers={"thresholds": [_thresholds(limits, kind) for kind in ("DEFAULT", "HIGH")]},
        outlier_detection=_passive_health(),
        health_checks=[_active_health()],
        typed_extension_protocol_options={_HTTP_OPTIONS: _http_options()},
        upstream_connection_options={"tcp_keepalive": {}},
    )


def _thresholds(limits: ServiceLimits, priority: str) -> Json:
    max_requests = limits.max_requests
    if priority == "HIGH" and limits.max_high_priority_requests is not None:
        max_requests = limits.max_high_priority_requests
    return {
        "priority": priority,
        "max_connections": limits.max_connections,
        "max_pending_requests": limits.max_pending_requests,
        "max_requests": max_requests,
        "retry_budget": {"budget_percent": {"value": 20}, "min_retry_concurrency": 3},
        "track_remaining": True,
    }


def _passive_health() -> Json:
    return {
        "consecutive_5xx": 5,
        "consecutive_gateway_failure": 5,
        "enforcing_consecutive_gateway_failure": 100,
        "interval": duration(5),
        "base_ejection_time": duration(30),
        "max_ejection_time": duration(300),
        "max_ejection_percent": 50,
    }


def _active_health() -> Json:
    """An unhealthy host is asked every second, so that a restarted service is back soon."""
    return {
        "timeout": duration(1),
        "interval": duration(5),
        "interval_jitter": duration(1),
        "no_traffic_interval": duration(5),
        "no_traffic_healthy_interval": duration(5),
        "unhealthy_interval": duration(1),
        "healthy_threshold": 2,
        "unhealthy_threshold": 3,
        "http_health_check": {"path": "/readyz"},
    }


def _http_options() -> Json:
    """Idle upstream connections go well before a service would close them under a request."""
    return typed(
        _HTTP_OPTIONS,
        common_http_protocol_options={"idle_timeout": duration(15), "max_headers_count": 100},
        explicit_http_config={"http_protocol_options": {}},
    )
