"""Conditional requests: who has the answer is told so, and nobody overwrites what he has not seen.

Source: RFC 9110, 8.8.3 (ETag), 13.1.1 and 13.1.2 (If-Match, If-None-Match), 15.4.5 (304); RFC 6585, 3 (428).
"""

from collections.abc import Mapping
from hashlib import blake2b

from aiohttp import hdrs, web

from seawall.web.problem import Problem

_ANY = "*"
_DIGEST_BYTES = 12


def entity_tag(body: bytes) -> str:
    """A strong tag, without its quotes: equal bytes have equal ones, others (but for 1 in 2^96) others."""
    return blake2b(body, digest_size=_DIGEST_BYTES).hexdigest()


def tagged_response(
    request: web.Request,
    body: bytes,
    tag: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> web.Response:
    """200 with the body and its ETag, or 304 with nothing where If-None-Match names it, weakly or not.

    `tag` spares making it from the body. `headers` (Cache-Control, Vary) go with both.
    """
    tag = entity_tag(body) if tag is None else tag
    shown = {hdrs.ETAG: f'"{tag}"', **(headers or {})}
    # Without the header there is nothing to parse, and most requests have none.
    if hdrs.IF_NONE_MATCH in request.headers and any(
        each.value in (tag, _ANY) for each in request.if_none_match or ()
    ):
        return web.Response(status=304, headers=shown)
    return web.Response(body=body, content_type=content_type, headers=shown)


def check_unchanged(request: web.Request, tag: str | None, *, required: bool = False) -> None:
    """Before a write: `tag` is that of what is there now, None if nothing is.

    Raises Problem: 412 where If-Match names none of it, or If-None-Match is `*` and something is there; 428
    where `required` and there is no If-Match. Compare and write in one transaction.
    """
    if hdrs.IF_MATCH in request.headers:
        expected = request.if_match or ()
        if not any(_matches(each.value, tag, is_weak=each.is_weak) for each in expected):
            raise _failed("If-Match", "the ETag of what is there now")
    elif required:
        detail = "If-Match must hold the ETag that you have seen."
        raise Problem(
            428, "precondition-required", "Say what you have seen", detail, extra=_names("If-Match")
        )
    if tag is not None and any(each.value == _ANY for each in request.if_none_match or ()):
        raise _failed("If-None-Match", "nothing is there yet")


def _matches(value: str, tag: str | None, *, is_weak: bool) -> bool:
    """Strongly: who has seen something like it has not seen it."""
    return tag is not None and not is_weak and value in (tag, _ANY)


def _failed(field: str, limit: str) -> Problem:
    detail = f"{field} asks for {limit}."
    extra = {"field": field, "limit": limit}
    return Problem(412, "precondition-failed", "It is not as you have seen it", detail, extra=extra)


def _names(field: str) -> dict[str, str]:
    return {"field": field, "limit": "required"}
