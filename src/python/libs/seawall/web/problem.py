"""Errors as the caller sees them: problem+json (RFC 9457)."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from seawall.telemetry import current_correlation_id

CONTENT_TYPE = "application/problem+json"
URN = "urn:seawall:problem:"

# Keys are classes of errors; each is translated by a function that takes that class.
Translations = Mapping[type[Any], Callable[[Any], "Problem"]]


class Problem(Exception):
    """An error for the caller. `type` is a short stable name; `extra` are members of the document.

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
        """The body, with the correlation id of the request."""
        members: dict[str, Any] = {"type": URN + self.type, "title": self.title, "status": self.status}
        if self.detail:
            members["detail"] = self.detail
        correlation_id = current_correlation_id()
        if correlation_id is not None:
            members["correlation_id"] = correlation_id
        return members | self.extra

    def response(self) -> web.Response:
        """The answer."""
        body = msgspec.json.encode(self.document())
        return web.Response(status=self.status, body=body, content_type=CONTENT_TYPE, headers=self.headers)


def refused(status: int, field: str, limit: str, detail: str) -> Problem:
    """A value that breaks its rule."""
    return Problem(
        status, "invalid-field", "A value is refused", detail, extra={"field": field, "limit": limit}
    )


def translated(error: Exception, translations: Translations) -> Problem | None:
    """The problem for an error of the service, by the nearest class that has one; None if none has."""
    if isinstance(error, Problem):
        return error
    for kind in type(error).__mro__:
        translation = translations.get(kind)
        if translation is not None:
            return translation(error)
    return _of_http(error) if isinstance(error, web.HTTPException) else None


def _of_http(error: web.HTTPException) -> Problem:
    name = error.reason.lower().replace(" ", "-")
    kept = {name: value for name, value in error.headers.items() if name.lower() in ("allow", "retry-after")}
    return Problem(error.status, name, error.reason, headers=kept)
