"""A JWK Set over HTTP."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, TypedDict

import aiohttp
import msgspec

MAX_DOCUMENT_BYTES = 256 * 1024


class _JwkSet(TypedDict):
    keys: list[dict[str, Any]]


def jwks_at(
    session: aiohttp.ClientSession, url: str, *, timeout_seconds: float = 2.0
) -> Callable[[], Awaitable[Mapping[str, Any]]]:
    """Fetches the JWK Set at `url`, for a KeySet.

    What it returns raises aiohttp.ClientError, TimeoutError, and ValueError for what is no JWK Set.
    """
    timeout = aiohttp.ClientTimeout(total=timeout_seconds)

    async def fetch() -> Mapping[str, Any]:
        body = bytearray()
        async with session.get(
            url, timeout=timeout, allow_redirects=False, raise_for_status=True
        ) as response:
            if response.status != HTTPStatus.OK:
                raise ValueError(f"the issuer answered {response.status}")
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MAX_DOCUMENT_BYTES:
                    raise ValueError(f"the JWK Set is larger than {MAX_DOCUMENT_BYTES} bytes")
        return msgspec.json.decode(body, type=_JwkSet)

    return fetch
