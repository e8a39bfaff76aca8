"""Routes: our table as one Envoy route configuration."""

import re

from seawall.resilience import REQUEST_TIMEOUT, format_request_timeout
from services.gateway.envoy_config.rate_limits import rate_limit_actions
from services.gateway.envoy_config.resource import FILTERS, Json, duration, typed
from services.gateway.envoy_config.roles import role_policy
from services.gateway.envoy_config.tokens import token_policy
from services.gateway.route_table import Route, RouteTable

NAME = "public"
STREAM_IDLE_SECONDS = 300.0
# What a route tells Envoy's own replies about itself.
METADATA = "seawall"
BODY_LIMIT = "body_limit"


def route_config(table: RouteTable) -> Json:
    """All routes in the table's order, for every host name."""
    routes = [_route(route, table) for route in table.routes]
    return typed(
        "envoy.config.route.v3.RouteConfiguration",
        name=NAME,
        virtual_hosts=[{"name": NAME, "domains": ["*"], "routes": routes}],
    )


def _route(route: Route, table: RouteTable) -> Json:
    compiled: Json = {
        "name": route.name,
        "match": _match(route),
        "metadata": {"filter_metadata": {METADATA: {BODY_LIMIT: f"{route.body_limit_bytes} bytes"}}},
        "typed_per_filter_config": _policies(route),
    }
    if route.answer is not None:
        return compiled | {"direct_response": {"status": route.answer}}
    action = _action(route) | rate_limit_actions(route, table)
    return compiled | {"route": action} | _deadline(route)


def _match(route: Route) -> Json:
    match: Json
    if route.path is not None:
        match = {"path": route.path}
    elif route.regex is not None:
        match = {"safe_regex": {"regex": route.regex}}
    elif route.prefix == "/":
        match = {"prefix": "/"}
    else:
        match = {"path_separated_prefix": (route.prefix or "").rstrip("/")}
    if route.methods:
        methods = "|".join(re.escape(method) for method in route.methods)
        match["headers"] = [{"name": ":method", "string_match": {"safe_regex": {"regex": methods}}}]
    return match


def _action(route: Route) -> Json:
    """A stream has no end that a timeout could know; its idle time is bounded instead."""
    action: Json = {"cluster": route.service, "priority": route.priority.upper()}
    if route.stream:
        return action | {"timeout": "0s", "idle_timeout": duration(STREAM_IDLE_SECONDS)}
    return action | {
        "timeout": duration(route.timeout_seconds),
        "retry_policy": {
            "retry_on": "connect-failure,refused-stream,reset-before-request",
            "num_retries": 1,
            "per_try_timeout": duration(min(route.try_timeout_seconds, route.timeout_seconds)),
            "retry_host_predicate": [
                {
                    "name": "envoy.retry_host_predicates.previous_hosts",
                    "typed_config": typed(
                        "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
                    ),
                }
            ],
            "host_selection_retry_max_attempts": 3,
        },
    }


def _deadline(route: Route) -> Json:
    """Services know how long somebody waits for them, and end their work by then; a caller may wait less."""
    if route.stream:
        return {}
    header = {"key": REQUEST_TIMEOUT, "value": format_request_timeout(route.timeout_seconds)}
    return {"request_headers_to_add": [{"header": header, "append_action": "ADD_IF_ABSENT"}]}


def _policies(route: Route) -> Json:
    policies = token_policy(route)
    if route.role is not None:
        policies |= role_policy(route.role)
    buffer = f"{FILTERS}.buffer.v3.BufferPerRoute"
    limit = {"buffer": {"max_request_bytes": route.body_limit_bytes}}
    return policies | {f"{FILTERS}.buffer": typed(buffer, **limit)}
