"""The dashboard that every service has: rate, errors, duration, and what it runs on."""

from components.microservice.scaling import SERVICE_LABEL
from components.watching.grafana import Dashboard, Panel, Pick, Query, Row
from objectives import OF_CUSTOMERS
from promql import most, quantile, rate, service, shop, total

ONE = service("$service")
CONTAINER = 'container="$service"'
HPA = 'horizontalpodautoscaler="$service"'
ROUTE = "{{method}} {{route}}"
_REQUESTS = "seawall_http_requests_total"


def service_board() -> Dashboard:
    """Of the service that is picked. Source of its first row: Tom Wilkie, "The RED Method"."""
    pick = Pick("service", SERVICE_LABEL, shop("up"))
    return Dashboard("seawall-service", "Service", (_requests(), _protection(), _calls(), _pods()), (pick,))


def _requests() -> Row:
    return Row("Requests", (*_http(), *_grpc()))


def _http() -> tuple[Panel, ...]:
    asked = rate(shop(_REQUESTS, ONE, OF_CUSTOMERS))
    by_route = total(asked, "method", "route")
    failed = total(rate(shop(_REQUESTS, ONE, OF_CUSTOMERS, 'status=~"5.."')), "method", "route")
    seconds = quantile(0.99, "seawall_http_request_seconds", ONE, OF_CUSTOMERS, by=("method", "route"))
    return (
        Panel("Rate, by route", (Query(by_route, ROUTE),), "reqps"),
        Panel("Errors (5xx), by route", (Query(f"{failed} / {by_route}", ROUTE),), "percentunit"),
        Panel(
            "Duration, p99 by route", (Query(seconds, ROUTE),), "s", "A stream counts with all of its time."
        ),
        Panel("Answers, by status", (Query(total(asked, "status"), "{{status}}"),), "reqps", stacked=True),
    )


def _grpc() -> tuple[Panel, ...]:
    seconds = quantile(0.99, "seawall_rpc_server_seconds", ONE, by=("method",))
    calls = total(rate(shop("seawall_rpc_server_seconds_count", ONE)), "method", "outcome")
    return (
        Panel("gRPC: duration, p99 by method", (Query(seconds, "{{method}}"),), "s"),
        Panel("gRPC: calls, by outcome", (Query(calls, "{{method}} {{outcome}}"),), "ops"),
    )


def _protection() -> Row:
    return Row(
        "What it refuses, to last",
        (
            Panel(
                "Shed",
                (
                    Query(
                        total(rate(shop("seawall_shed_total", ONE)), "name", "priority", "reason"),
                        "{{name}} {{priority}} {{reason}}",
                    ),
                ),
                "ops",
            ),
            Panel(
                "Calls at once, and how many may be",
                (
                    Query(total(shop("seawall_concurrency_in_use", ONE), "name"), "{{name}} under way"),
                    Query(total(shop("seawall_concurrency_waiting", ONE), "name"), "{{name}} waiting"),
                    Query(total(shop("seawall_concurrency_limit", ONE), "name"), "{{name}} limit"),
                ),
            ),
            Panel(
                "Event loop, how late at most",
                (Query(most(shop("seawall_event_loop_lag_seconds", ONE), "pod"), "{{pod}}"),),
                "s",
            ),
        ),
    )


def _calls() -> Row:
    return Row(
        "What it calls",
        (
            Panel(
                "Circuits: 0 closed, 1 half-open, 2 open",
                (Query(most(shop("seawall_circuit_state", ONE), "name"), "{{name}}"),),
            ),
            Panel(
                "Bulkheads",
                (
                    Query(total(shop("seawall_bulkhead_in_use", ONE), "name"), "{{name}} in use"),
                    Query(total(shop("seawall_bulkhead_waiting", ONE), "name"), "{{name}} waiting"),
                    Query(total(shop("seawall_bulkhead_size", ONE), "name"), "{{name}} may be"),
                ),
            ),
            Panel("Connections to PostgreSQL", _pool("seawall_sql_pool")),
            Panel("Connections to Valkey", _pool("seawall_valkey_pool")),
            Panel(
                "Not as usual",
                (
                    Query(
                        total(rate(shop("seawall_timeouts_total", ONE)), "name", "cause"),
                        "{{name}} timed out: {{cause}}",
                    ),
                    Query(total(rate(shop("seawall_retries_total", ONE)), "name"), "{{name}} made again"),
                    Query(
                        total(rate(shop("seawall_rejected_total", ONE)), "name", "policy"),
                        "{{name}} not made: {{policy}}",
                    ),
                    Query(
                        total(rate(shop("seawall_fallbacks_total", ONE)), "name"),
                        "{{name}} answered by a fallback",
                    ),
                ),
                "ops",
            ),
            Panel(
                "Endpoints that are known",
                (Query(f"min by (service) ({shop('seawall_discovery_endpoints', ONE)})", "{{service}}"),),
            ),
        ),
    )


def _pool(name: str) -> tuple[Query, ...]:
    legends = {"in_use": "in use", "waiting": "callers that wait", "size": "there may be"}
    return tuple(Query(total(shop(f"{name}_{part}", ONE)), legend) for part, legend in legends.items())


def _pods() -> Row:
    return Row(
        "Pods",
        (
            Panel(
                "Replicas, and what the autoscaler may",
                (
                    Query(
                        most(shop("kube_horizontalpodautoscaler_status_current_replicas", HPA)), "there are"
                    ),
                    Query(most(shop("kube_horizontalpodautoscaler_status_desired_replicas", HPA)), "wanted"),
                    Query(most(shop("kube_horizontalpodautoscaler_spec_min_replicas", HPA)), "floor"),
                    Query(most(shop("kube_horizontalpodautoscaler_spec_max_replicas", HPA)), "ceiling"),
                ),
            ),
            Panel(
                "CPU, in cores",
                (Query(total(rate(shop("container_cpu_usage_seconds_total", CONTAINER)), "pod"), "{{pod}}"),),
            ),
            Panel(
                "Memory",
                (
                    Query(total(shop("container_memory_working_set_bytes", CONTAINER), "pod"), "{{pod}}"),
                    Query(
                        most(shop("kube_pod_container_resource_limits", CONTAINER, 'resource="memory"')),
                        "limit",
                    ),
                ),
                "bytes",
            ),
            Panel(
                "Restarts",
                (
                    Query(
                        total(shop("kube_pod_container_status_restarts_total", CONTAINER), "pod"), "{{pod}}"
                    ),
                ),
            ),
        ),
    )
