"""HTTP services on aiohttp: strict JSON, problem+json, health, metrics, OpenAPI, drain."""

from seawall.extras import extra

with extra("web"):
    from seawall.web.app import SETTINGS, web_service
    from seawall.web.body import json_response, query, read_body, read_json
    from seawall.web.conditional import check_unchanged, entity_tag, tagged_response
    from seawall.web.health import READINESS, Readiness
    from seawall.web.identity import customer_id, idempotency_key, require_role
    from seawall.web.jobs import JobEnded, Jobs, background, every
    from seawall.web.operation import operation
    from seawall.web.problem import Problem, try_again
    from seawall.web.server import run, serve
    from seawall.web.stream import EventStream, event_stream

__all__ = [
    "READINESS",
    "SETTINGS",
    "EventStream",
    "JobEnded",
    "Jobs",
    "Problem",
    "Readiness",
    "background",
    "check_unchanged",
    "customer_id",
    "entity_tag",
    "event_stream",
    "every",
    "idempotency_key",
    "json_response",
    "operation",
    "query",
    "read_body",
    "read_json",
    "require_role",
    "run",
    "serve",
    "tagged_response",
    "try_again",
    "web_service",
]
