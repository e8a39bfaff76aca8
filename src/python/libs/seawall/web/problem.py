"""Errors as the caller sees them: problem+json (RFC 9457)."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from seawall.resilience import CircuitOpen, DeadlineExceeded, Rejected, Shed
from seawall.telemetry import current_correlation_id, current_trace_id
from seawall.web.limits import MAX_BODY_BYTES

CONTENT_TYPE = "application/problem+json"
URN = "urn:seawall:problem:"

# What an HTTPException of aiohttp may hand on.
_KEPT = frozenset({"allow", "connection", "retry-after", "www-authenticate"})

# Keys are classes of errors; each is translated by a function that takes that class.
Translations = Mapping[type[Any], Callable[[Any], "Problem"]]


class Problem(Exception):
    """An error for the caller. `type` is a short stable name, or the URI of a registered problem type;
    `extra` are members of the document.

    Where a value is refused, `extra` names the `field` and the `limit`.
    """

    def __init__(
        self,
        status: int,
        type: str,  # noqa: A002
        title: str,
        detail: str = "",
        *,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {type}: {detail or title}")
        self.status = status
        self.type = type
        self.title = title
        self.detail = detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})

    def document(self) -> dict[str, Any]:
        """The body, with the correlation id and the trace id of the request."""
        uri = self.type if ":" in self.type else URN + self.type
        members: dict[str, Any] = {"type": uri, "title": self.title, "status": self.status}
        if self.detail:
            members["detail"] = self.detail
        correlation_id = current_correlation_id()
        if correlation_id is not None:
            members["correlation_id"] = correlation_id
        trace_id = current_trace_id()
        if trace_id is not None:
            members["trace_id"] = trace_id
        return members | self.extra

    def response(self) -> web.Response:
        """The answer."""
        body = msgspec.json.encode(self.document())
        made = web.Response(status=self.status, body=body, content_type=CONTENT_TYPE, headers=self.headers)
        if self.headers.get("Connection") == "close":
            made.force_close()
        return made


def refused(status: int, field: str, limit: str, detail: str) -> Problem:
    """A value that breaks its rule."""
    return Problem(
        status, "invalid-field", "A value is refused", detail, extra={"field": field, "limit": limit}
    )


def try_again(_: Exception) -> Problem:
    """503, for Translations: nothing was done that a repeated request would do twice."""
    return Problem(503, "unavailable", "Try again in a moment", headers={"Retry-After": "1"})


def body_too_large() -> Problem:
    """A body over the limit of every service."""
    extra = {"field": "body", "limit": f"{MAX_BODY_BYTES} bytes"}
    return Problem(413, "body-too-large", "The body is too large", extra=extra)


def translated(error: Exception, translations: Translations) -> Problem | None:
    """The problem for an error of the service, by the nearest class that has one; None if none has."""
    if isinstance(error, Problem):
        return error
    for kind in type(error).__mro__:
        translation = translations.get(kind)
        if translation is not None:
            return translation(error)
    if isinstance(error, DeadlineExceeded):
        return Problem(504, "deadline-exceeded", "There was not enough time", str(error))
    if isinstance(error, Rejected):
        return _overloaded(error)
    return _of_http(error) if isinstance(error, web.HTTPException) else None


def _overloaded(error: Rejected) -> Problem:
    seconds = max(1, math.ceil(error.retry_after_seconds)) if isinstance(error, CircuitOpen) else 1
    title = "There is too much to do now" if isinstance(error, Shed) else "Something that this needs is away"
    return Problem(503, "unavailable", title, headers={"Retry-After": str(seconds)})


def _of_http(error: web.HTTPException) -> Problem:
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return body_too_large()
    name = error.reason.lower().replace(" ", "-")
    kept = {name: value for name, value in error.headers.items() if name.lower() in _KEPT}
    return Problem(error.status, name, error.reason, headers=kept)
