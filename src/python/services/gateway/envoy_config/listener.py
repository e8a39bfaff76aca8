"""The public listener: connection limits, header rules, filters in their order."""

from services.gateway.envoy_config.access_log import access_log
from services.gateway.envoy_config.local_replies import MAX_HEADERS, MAX_HEADERS_KB, local_replies
from services.gateway.envoy_config.rate_limits import rate_limit_filter
from services.gateway.envoy_config.resource import FILTERS, Json, duration, file_source, socket_address, typed
from services.gateway.envoy_config.roles import role_filter
from services.gateway.envoy_config.route_config import NAME as ROUTE_CONFIG
from services.gateway.envoy_config.tokens import CLAIMS, token_filter

NAME = "public"
TLS_NAME = "public_tls"
MAX_BODY_BYTES = 1024 * 1024
_MANAGER = "envoy.filters.network.http_connection_manager"


def listener(
    host: str, port: int, routes_file: str, tls_socket: Json | None = None, *, is_limited: bool
) -> Json:
    """The listener, its routes read from the file; with `tls_socket` it is the one that speaks TLS."""
    source = {"route_config_name": ROUTE_CONFIG, "config_source": file_source(routes_file)}
    return _listener(host, port, {"rds": source}, tls_socket, is_limited=is_limited)


def listener_with_routes(
    host: str, port: int, route_config: Json, tls_socket: Json | None = None, *, is_limited: bool
) -> Json:
    """The same listener with its routes inside, as `envoy --mode validate` can judge them."""
    plain = {key: value for key, value in route_config.items() if key != "@type"}
    return _listener(host, port, {"route_config": plain}, tls_socket, is_limited=is_limited)


def _listener(host: str, port: int, routes: Json, tls_socket: Json | None, *, is_limited: bool) -> Json:
    """Without reuse_port, so that a port which somebody else has is an error, and not shared."""
    manager = _connection_manager(_filters(is_limited=is_limited)) | routes
    chain: Json = {"filters": [{"name": _MANAGER, "typed_config": manager}]}
    if tls_socket is not None:
        chain |= {"transport_socket": tls_socket, "transport_socket_connect_timeout": duration(10)}
    return typed(
        "envoy.config.listener.v3.Listener",
        name=NAME if tls_socket is None else TLS_NAME,
        address=socket_address(host, port),
        enable_reuse_port=False,
        per_connection_buffer_limit_bytes=MAX_BODY_BYTES,
        filter_chains=[chain],
    )


def _connection_manager(filters: list[Json]) -> Json:
    return typed(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=NAME,
        server_name="seawall",
        access_log=[access_log()],
        local_reply_config=local_replies(),
        http_filters=filters,
        early_header_mutation_extensions=[_strip_identity()],
        **_timeouts(),
        **_request_rules(),
        **_request_identity(),
    )


def _timeouts() -> Json:
    return {
        "common_http_protocol_options": {
            "idle_timeout": duration(75),
            "max_connection_duration": duration(300),
            "max_headers_count": MAX_HEADERS,
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        "request_headers_timeout": duration(10),
        "request_timeout": duration(30),
        "stream_idle_timeout": duration(300),
        "drain_timeout": duration(30),
    }


def _request_rules() -> Json:
    return {
        "max_request_headers_kb": MAX_HEADERS_KB,
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "strip_any_host_port": True,
        "http2_protocol_options": {"max_concurrent_streams": 100},
    }


def _request_identity() -> Json:
    """No caller is trusted to say who it is: its address and request id are made here."""
    uuid = "envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig"
    return {
        "use_remote_address": True,
        "internal_address_config": {},
        "generate_request_id": True,
        "always_set_request_id_in_response": True,
        "request_id_extension": {"typed_config": typed(uuid, pack_trace_reason=False)},
    }


def _strip_identity() -> Json:
    """Identity headers and request ids from outside go before any route is chosen, token or not."""
    return {
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": typed(
            "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
            mutations=[{"remove": header} for header in (*CLAIMS.values(), "x-request-id")],
        ),
    }


def _filters(*, is_limited: bool) -> list[Json]:
    """Who calls, and whether it may, is settled before a byte of the body is taken."""
    buffer = typed(f"{FILTERS}.buffer.v3.Buffer", max_request_bytes=MAX_BODY_BYTES)
    router = typed(f"{FILTERS}.router.v3.Router", suppress_envoy_headers=True)
    return [
        token_filter(),
        role_filter(),
        *([rate_limit_filter()] if is_limited else []),
        {"name": f"{FILTERS}.buffer", "typed_config": buffer},
        {"name": f"{FILTERS}.router", "typed_config": router},
    ]
