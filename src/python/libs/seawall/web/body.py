"""What comes in and what goes out as JSON, checked by msgspec."""

import asyncio
from collections.abc import Mapping
from contextlib import nullcontext
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from aiohttp import hdrs, web
from aiohttp.web_protocol import RequestPayloadError

from seawall.web.limits import BODY_TIMEOUT, BODY_TIMEOUT_SECONDS
from seawall.web.problem import Problem, body_too_large, refused
from seawall.web.refusal import WITHOUT_NUL, field_with_nul, refusal

S = TypeVar("S", bound=msgspec.Struct)

_encoder = msgspec.json.Encoder()
_JSON: dict[str, str] = {hdrs.CONTENT_TYPE: "application/json"}


async def read_json(request: web.Request, T: type[S]) -> S:  # noqa: N803
    """The body as a struct, which must forbid unknown fields.

    Raises Problem: 400 not JSON, 408 too slow, 413 too large, 415 not declared as JSON, 422 a field that is
    unknown, missing, of the wrong type or outside its limit. It names the field and the limit.
    """
    decoder = _decoder(T)
    _check_declaration(request)
    body = await read_body(request)
    try:
        decoded: S = decoder.decode(body)
    except msgspec.ValidationError as error:
        raise refusal(error, 422, T) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed("malformed-json", "one JSON document (RFC 8259) in UTF-8", str(error)) from None
    if b"\\u0000" in body and (field := field_with_nul(msgspec.json.decode(body))):
        raise refused(422, field, WITHOUT_NUL, f"{field} holds U+0000")
    return decoded


async def read_body(request: web.Request) -> bytes:
    """The body as bytes. Raises Problem: 400 broken off or badly framed, 408 too slow, 413 too large."""
    limit_seconds = request.app.get(BODY_TIMEOUT, BODY_TIMEOUT_SECONDS)
    # Most bodies come with their head: nothing to wait for, and no timer to set.
    limit = nullcontext() if request.content.is_eof() else asyncio.timeout(limit_seconds)
    try:
        async with limit:
            return await request.read()
    except TimeoutError:
        raise Problem(
            408,
            "request-timeout",
            "The body came too slowly",
            extra={"field": "body", "limit": f"{limit_seconds:g} s"},
            headers={"Connection": "close"},
        ) from None
    except RequestPayloadError:
        raise _malformed("malformed-body", "a complete message body (RFC 9112)", "") from None
    except web.HTTPRequestEntityTooLarge:
        raise body_too_large() from None


def query(request: web.Request, T: type[S]) -> S:  # noqa: N803
    """The query string as a struct, which must forbid unknown fields. Raises Problem 400, as read_json."""
    _check_strict(T)
    values: dict[str, str] = {}
    for name, value in request.query.items():
        if name in values:
            raise refused(400, name, "given once", f"{name} is given more than once")
        values[name] = value
    try:
        return msgspec.convert(values, T, strict=False)
    except msgspec.ValidationError as error:
        raise refusal(error, 400, T) from None


def json_response(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A response with anything that msgspec encodes."""
    body = _encoder.encode(value)
    return web.Response(status=status, body=body, headers=_JSON if headers is None else {**_JSON, **headers})


def _check_declaration(request: web.Request) -> None:
    content_type = request.content_type
    if content_type != "application/json" and not content_type.endswith("+json"):
        raise _unsupported("Content-Type", "application/json", "The body is not declared as JSON")
    # Nobody needs 64 KiB compressed, and what is not unpacked cannot be a bomb.
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise _unsupported("Content-Encoding", "identity", "The body is compressed")


def _unsupported(field: str, limit: str, title: str) -> Problem:
    return Problem(415, "unsupported-media-type", title, extra={"field": field, "limit": limit})


def _malformed(kind: str, limit: str, detail: str) -> Problem:
    extra = {"field": "body", "limit": limit}
    return Problem(400, kind, "The body cannot be read", detail, extra=extra)


@lru_cache
def _decoder(T: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:  # noqa: N803
    _check_strict(T)
    return msgspec.json.Decoder(T)


def _check_strict(T: type[msgspec.Struct]) -> None:  # noqa: N803
    if not T.__struct_config__.forbid_unknown_fields:
        raise TypeError(f"{T.__qualname__} must be declared with forbid_unknown_fields=True")
