"""Conditional requests: who has the answer is told so, and nobody overwrites what he has not seen.

Source: RFC 9110, 8.8.3 (ETag), 13.1.1 and 13.1.2 (If-Match, If-None-Match), 15.4.5 (304); RFC 6585, 3 (428).
"""

import re
from collections.abc import Mapping
from hashlib import blake2b

from aiohttp import hdrs, web

from seawall.web.problem import Problem

_ANY = "*"
_DIGEST_BYTES = 12
_TAG = re.compile(r'[ \t,]*(W/)?"([^\x00-\x20"\x7f]*)"[ \t]*(?:,|$)')
# What a 304 tells a cache; what describes the body stays with the body.
_KEPT = frozenset({"cache-control", "content-location", "expires", "vary"})


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
    charset: str | None = None,
) -> web.Response:
    """200 with the body and its ETag, or 304 with nothing where If-None-Match names it, weakly or not.

    `tag` spares making it from the body. Of `headers` a 304 has those that caches go by.
    """
    tag = entity_tag(body) if tag is None else tag
    shown = {hdrs.ETAG: f'"{tag}"', **(headers or {})}
    # Most requests have none, and there is nothing to read.
    if hdrs.IF_NONE_MATCH in request.headers and _names(request, hdrs.IF_NONE_MATCH, tag, strongly=False):
        kept = {name: value for name, value in shown.items() if name == hdrs.ETAG or name.lower() in _KEPT}
        return web.Response(status=304, headers=kept)
    return web.Response(body=body, content_type=content_type, charset=charset, headers=shown)


def check_unchanged(request: web.Request, tag: str | None, *, required: bool = False) -> None:
    """Before a write: `tag` is that of what is there now, None if nothing is.

    Raises Problem: 412 where If-Match names none of it, or If-None-Match is `*` and something is there; 428
    where `required` and there is no If-Match. Compare and write in one transaction.
    """
    if hdrs.IF_MATCH in request.headers:
        # Strongly: who has seen something like it has not seen it.
        if tag is None or not _names(request, hdrs.IF_MATCH, tag, strongly=True):
            raise _failed("If-Match", "the ETag of what is there now")
    elif required:
        title, detail = "Say what you have seen", "If-Match must hold the ETag that you have seen."
        extra = {"field": "If-Match", "limit": "required"}
        raise Problem(428, "precondition-required", title, detail, extra=extra)
    if tag is not None and _given(request, hdrs.IF_NONE_MATCH) == _ANY:
        raise _failed("If-None-Match", "nothing is there yet")


def _names(request: web.Request, field: str, tag: str, *, strongly: bool) -> bool:
    """Up to the first tag that is malformed: the rest names nothing, which is safe for both fields."""
    given, position = _given(request, field), 0
    if given == _ANY:
        return True
    while found := _TAG.match(given, position):
        if found[2] == tag and not (strongly and found[1]):
            return True
        position = found.end()
    return False


def _given(request: web.Request, field: str) -> str:
    """A list may come in several fields (RFC 9110, 5.3)."""
    return ",".join(request.headers.getall(field, [])).strip()


def _failed(field: str, limit: str) -> Problem:
    detail = f"{field} asks for {limit}."
    extra = {"field": field, "limit": limit}
    return Problem(412, "precondition-failed", "It is not as you have seen it", detail, extra=extra)
