"""Limits that hold across replicas: Envoy asks our rate limit service before a request goes on."""

from services.gateway.envoy_config.resource import FILTERS, Json, duration, socket_address, typed
from services.gateway.envoy_config.tokens import CLAIMS
from services.gateway.route_table import RateLimit, Route, RouteTable

FILTER_NAME = f"{FILTERS}.ratelimit"
CLUSTER = "rate_limits"
DOMAIN = "edge"
# What a limit may cost a request; where it is not enough the request goes on uncounted.
TIMEOUT_SECONDS = 0.1
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_ADDRESS = "remote_address"
_CUSTOMER = CLAIMS["sub"]


def rate_limit_filter() -> Json:
    """Asks for the descriptors of the route; of a route without limits it asks nothing."""
    return {
        "name": FILTER_NAME,
        "typed_config": typed(
            f"{FILTERS}.ratelimit.v3.RateLimit",
            domain=DOMAIN,
            timeout=duration(TIMEOUT_SECONDS),
            failure_mode_deny=False,
            rate_limit_service={
                "grpc_service": {"envoy_grpc": {"cluster_name": CLUSTER}},
                "transport_api_version": "V3",
            },
        ),
    }


def rate_limit_actions(route: Route, table: RouteTable) -> Json:
    """The descriptors of a request on the route: one for each of its limits."""
    if not route.rate_limits:
        return {}
    return {
        "rate_limits": [{"actions": _actions(name, table.rate_limits[name])} for name in route.rate_limits]
    }


def descriptor_keys(name: str, limit: RateLimit) -> tuple[str, ...]:
    """By which the rate limit service knows a limit."""
    return (name,) if limit.by == "customer" else (name, _ADDRESS)


def rate_limit_cluster(port: int) -> Json:
    """The service beside Envoy, on loopback."""
    host = {"endpoint": {"address": socket_address("127.0.0.1", port)}}
    return typed(
        "envoy.config.cluster.v3.Cluster",
        name=CLUSTER,
        connect_timeout=duration(TIMEOUT_SECONDS),
        type="STATIC",
        load_assignment={"cluster_name": CLUSTER, "endpoints": [{"lb_endpoints": [host]}]},
        typed_extension_protocol_options={
            _HTTP_OPTIONS: typed(_HTTP_OPTIONS, explicit_http_config={"http2_protocol_options": {}})
        },
    )


def _actions(name: str, limit: RateLimit) -> list[Json]:
    if limit.by == "customer":
        return [{"request_headers": {"header_name": _CUSTOMER, "descriptor_key": name}}]
    return [{"generic_key": {"descriptor_key": name, "descriptor_value": "all"}}, {_ADDRESS: {}}]
