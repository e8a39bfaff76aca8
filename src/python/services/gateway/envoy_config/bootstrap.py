"""The bootstrap: what Envoy needs before it reads its first resource file."""

from services.gateway.envoy_config.resource import Json, duration, file_source, socket_address, typed

_MONITORS = "envoy.resource_monitors"


def bootstrap(admin_port: int, overload: Json, listeners_file: str, clusters_file: str) -> Json:
    """Listeners and clusters come from files; the admin interface listens on loopback only."""
    dynamic = {"lds_config": file_source(listeners_file), "cds_config": file_source(clusters_file)}
    return _base(admin_port, overload) | {"dynamic_resources": dynamic}


def static_bootstrap(overload: Json, listeners: list[Json], clusters: list[Json]) -> Json:
    """The whole configuration in one document, as `envoy --mode validate` can judge it."""
    static = {
        "listeners": [_without_type(each) for each in listeners],
        "clusters": [_without_type(cluster) for cluster in clusters],
    }
    return _base(0, overload) | {"static_resources": static}


def overload_manager(max_heap_bytes: int, max_connections: int) -> Json:
    """Sheds before memory or connections run out: first new requests, then connections."""
    heap = typed(f"{_package('fixed_heap')}.FixedHeapConfig", max_heap_size_bytes=max_heap_bytes)
    connections = typed(
        f"{_package('downstream_connections')}.DownstreamConnectionsConfig",
        max_active_downstream_connections=max_connections,
    )
    return {
        "refresh_interval": duration(0.25),
        "resource_monitors": [
            {"name": f"{_MONITORS}.fixed_heap", "typed_config": heap},
            {"name": f"{_MONITORS}.global_downstream_max_connections", "typed_config": connections},
        ],
        "actions": [
            _when_heap_above(0.90, "envoy.overload_actions.shrink_heap"),
            _when_heap_above(0.95, "envoy.overload_actions.stop_accepting_requests"),
            _when_heap_above(0.98, "envoy.overload_actions.stop_accepting_connections"),
        ],
    }


def _base(admin_port: int, overload: Json) -> Json:
    return {
        "node": {"id": "gateway", "cluster": "seawall"},
        "admin": {"address": socket_address("127.0.0.1", admin_port)},
        "overload_manager": overload,
        "application_log_config": {"log_format": {"json_format": _log_line()}},
        "stats_config": {"stats_matcher": {"inclusion_list": {"patterns": _STATS}}},
    }


def _log_line() -> Json:
    return {
        "time": "%Y-%m-%dT%H:%M:%S.%eZ",
        "level": "%l",
        "service": "gateway",
        "logger": "envoy.%n",
        "message": "%j",
    }


def _package(monitor: str) -> str:
    return f"envoy.extensions.resource_monitors.{monitor}.v3"


def _when_heap_above(share: float, action: str) -> Json:
    threshold = {"name": f"{_MONITORS}.fixed_heap", "threshold": {"value": share}}
    return {"name": action, "triggers": [threshold]}


def _without_type(resource: Json) -> Json:
    return {key: value for key, value in resource.items() if key != "@type"}


_STATS = [
    {"prefix": prefix}
    for prefix in ("cluster.", "cluster_manager.", "http.public.", "listener", "overload.", "server.")
]
