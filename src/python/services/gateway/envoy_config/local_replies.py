"""What Envoy answers by itself, as problem details (RFC 9457). Nothing of the request is echoed."""

from collections.abc import Mapping

from services.gateway.envoy_config.resource import Json, typed
from services.gateway.envoy_config.route_config import BODY_LIMIT, METADATA

MAX_HEADERS_KB = 32
MAX_HEADERS = 100
_PROBLEMS = {
    400: ("bad-request", "The request is not valid HTTP"),
    401: ("token-required", "A valid access token is needed"),
    403: ("forbidden", "The caller may not do this"),
    404: ("not-found", "There is nothing at this address"),
    408: ("request-timeout", "The request was sent too slowly"),
    413: ("body-too-large", "The request body is too large"),
    429: ("too-many-requests", "There were too many requests"),
    431: ("headers-too-large", "The request headers are too large"),
    500: ("internal-error", "The request failed"),
    502: ("bad-gateway", "The service sent no valid answer"),
    503: ("unavailable", "The service cannot be reached now"),
    504: ("timeout", "The service did not answer in time"),
}
# The field that broke its limit, and the limit: a body's is its route's.
_LIMITS = {
    413: {"field": "body", "limit": f"%METADATA(ROUTE:{METADATA}:{BODY_LIMIT})%"},
    431: {"field": "headers", "limit": f"{MAX_HEADERS_KB} KiB in {MAX_HEADERS} headers"},
}
_HEADERS = {
    401: ("www-authenticate", "Bearer"),
    503: ("retry-after", "1"),
}


def local_replies() -> Json:
    """A body for every status that Envoy answers with, the correlation id in each."""
    return {
        "mappers": [
            # Envoy answers 401 while it has no keys, and 403 to a token made for somebody else.
            _mapper(503, *_PROBLEMS[503], _details_start_with("jwt_authn_access_denied{Jwks_remote")),
            _mapper(401, *_PROBLEMS[401], _details_start_with("jwt_authn_access_denied")),
            _counted_out(),
            *(_mapper(status, *problem, _status_is(status)) for status, problem in _PROBLEMS.items()),
        ],
        "body_format": _body("gateway-error", "The request was refused", {}),
    }


def _mapper(status: int, kind: str, title: str, when: Json) -> Json:
    mapper: Json = {
        "filter": when,
        "status_code": status,
        "body_format_override": _body(kind, title, _LIMITS.get(status, {})),
    }
    if status in _HEADERS:
        name, value = _HEADERS[status]
        header = {"key": name, "value": value}
        mapper["headers_to_add"] = [{"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]
    return mapper


def _counted_out() -> Json:
    """Over a limit: the problem comes from our rate limit service, which knows which limit it is."""
    return {
        "filter": _details_start_with("request_rate_limited"),
        "body_format_override": {
            "text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"},
            "content_type": "application/problem+json",
        },
    }


def _status_is(status: int) -> Json:
    comparison = {"op": "EQ", "value": {"default_value": status, "runtime_key": f"local_reply.{status}"}}
    return {"status_code_filter": {"comparison": comparison}}


def _details_start_with(prefix: str) -> Json:
    cel = typed(
        "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
        expression=f"response.code_details.startsWith('{prefix}')",
    )
    return {"extension_filter": {"name": "envoy.access_loggers.extension_filters.cel", "typed_config": cel}}


def _body(kind: str, title: str, extra: Mapping[str, str]) -> Json:
    return {
        "json_format": {
            "type": f"urn:seawall:problem:{kind}",
            "title": title,
            "status": "%RESPONSE_CODE%",
            "correlation_id": "%REQ(X-REQUEST-ID)%",
            **extra,
        },
        "content_type": "application/problem+json",
    }
