"""What comes in and what goes out as JSON, checked by msgspec."""

import asyncio
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from seawall.web.problem import Problem, refused

MAX_BODY_BYTES = 64 * 1024
BODY_TIMEOUT_SECONDS = 10.0

S = TypeVar("S", bound=msgspec.Struct)

_PATH = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_NAMED = re.compile(r"^Object (?P<kind>contains unknown|missing required) field `(?P<name>.*)`$", re.DOTALL)
_encoder = msgspec.json.Encoder()


async def read_json(request: web.Request, T: type[S]) -> S:  # noqa: N803
    """The body as a struct, which must forbid unknown fields.

    Raises Problem: 400 not JSON, 408 too slow, 413 too large, 415 not declared as JSON, 422 a field that is
    unknown, missing, of the wrong type or outside its limit. It names the field and the limit.
    """
    decoder = _decoder(T)
    if request.content_type != "application/json" and not request.content_type.endswith("+json"):
        raise Problem(
            415,
            "unsupported-media-type",
            "The body is not declared as JSON",
            extra={"field": "Content-Type", "limit": "application/json"},
        )
    body = await _body(request)
    try:
        decoded: S = decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _refused(error, 422, T) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(
            400,
            "malformed-json",
            "The body is not JSON",
            str(error),
            extra={"field": "body", "limit": "one JSON document (RFC 8259) in UTF-8"},
        ) from None
    return decoded


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
        raise _refused(error, 400, T) from None


def json_response(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A response with anything that msgspec encodes."""
    body = _encoder.encode(value)
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


async def _body(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_TIMEOUT_SECONDS):
            return await request.read()
    except TimeoutError:
        raise Problem(
            408,
            "request-timeout",
            "The body came too slowly",
            extra={"field": "body", "limit": f"{BODY_TIMEOUT_SECONDS:g} s"},
            headers={"Connection": "close"},
        ) from None
    except web.HTTPRequestEntityTooLarge:
        limit = f"{MAX_BODY_BYTES} bytes"
        raise Problem(
            413, "body-too-large", "The body is too large", extra={"field": "body", "limit": limit}
        ) from None


@lru_cache
def _decoder(T: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:  # noqa: N803
    _check_strict(T)
    return msgspec.json.Decoder(T)


def _check_strict(T: type[msgspec.Struct]) -> None:  # noqa: N803
    if not T.__struct_config__.forbid_unknown_fields:
        raise TypeError(f"{T.__qualname__} must be declared with forbid_unknown_fields=True")


def _refused(error: msgspec.ValidationError, status: int, T: type[msgspec.Struct]) -> Problem:  # noqa: N803
    found = _PATH.match(str(error))
    what, path = (found["what"], found["path"] or "") if found else (str(error), "")
    named = _NAMED.match(what)
    if named is None:
        field = path.lstrip(".") or "body"
        limit = what.removeprefix("Expected ").split(", got ")[0].replace("`", "")
        return refused(status, field, limit, f"{field}: {what[:1].lower()}{what[1:]}".replace("`", ""))
    field = f"{path}.{named['name']}".lstrip(".")[:200]
    if named["kind"] == "missing required":
        return refused(status, field, "required", f"{field} is missing")
    known = "" if path else ": " + ", ".join(T.__struct_encode_fields__)
    return refused(status, field, f"a known field{known}", f"there is no field {field}")
