"""What a repetition of a request is known by."""

from dataclasses import dataclass
from hashlib import blake2b

from aiohttp import web

from seawall.web import idempotency_key, read_body

_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request with its Idempotency-Key. Keys of one `scope` never meet those of another."""

    scope: str
    key: str
    fingerprint: bytes


async def keyed(request: web.Request, scope: str) -> KeyedRequest:
    """The request of this customer or tenant. Its fingerprint is of method, path, query and body.

    Raises Problem: 400 without a key, or one that is malformed; those of `read_body`.
    """
    key = idempotency_key(request)
    digest = blake2b(f"{request.method} {request.raw_path}\n".encode(), digest_size=_DIGEST_BYTES)
    digest.update(await read_body(request))
    return KeyedRequest(scope, key, digest.digest())
