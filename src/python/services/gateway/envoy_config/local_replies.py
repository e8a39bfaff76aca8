"""What Envoy answers by itself, as problem details (RFC 9457). Nothing of the request is echoed."""

from services.gateway.envoy_config.resource import Json

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
_HEADERS = {
    401: ("www-authenticate", "Bearer"),
    503: ("retry-after", "1"),
}


def local_replies() -> Json:
    """A body for every status that Envoy answers with, the request id in each."""
    return {
        "mappers": [_mapper(status, *problem) for status, problem in _PROBLEMS.items()],
        "body_format": _body("gateway-error", "The request was refused"),
    }


def _mapper(status: int, kind: str, title: str) -> Json:
    comparison = {"op": "EQ", "value": {"default_value": status, "runtime_key": f"local_reply.{status}"}}
    mapper: Json = {
        "filter": {"status_code_filter": {"comparison": comparison}},
        "body_format_override": _body(kind, title),
    }
    if status in _HEADERS:
        name, value = _HEADERS[status]
        header = {"key": name, "value": value}
        mapper["headers_to_add"] = [{"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]
    return mapper


def _body(kind: str, title: str) -> Json:
    return {
        "json_format": {
            "type": f"urn:seawall:problem:{kind}",
            "title": title,
            "status": "%RESPONSE_CODE%",
            "request_id": "%REQ(X-REQUEST-ID)%",
        },
        "content_type": "application/problem+json",
    }
