"""The issuer's public keys: fetched, kept, and fetched again when a token names an unknown one."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import jwt
from prometheus_client import Counter

from seawall.auth.errors import KeysUnavailable
from seawall.resilience import start_detached

_FETCHED = Counter("seawall_auth_key_fetches_total", "Fetches of a JWK Set", ["outcome"])
_log = logging.getLogger(__name__)

FetchJwks = Callable[[], Awaitable[Mapping[str, Any]]]


class KeySet:
    """The keys of a JWK Set (RFC 7517) by `kid`; those that are not among `algorithms` are left out.

    Kept for `fresh_seconds`, and while the issuer does not answer for as long as that takes. An unknown `kid`
    asks the issuer at once, but not more often than every `pause_seconds`: tokens with invented ones cannot
    make this process a flood. Concurrent callers share one fetch, which ends with none of them: neither a
    caller's cancellation nor its deadline is the fetch's.
    """

    def __init__(
        self,
        fetch: FetchJwks,
        *,
        algorithms: tuple[str, ...] = ("ES256", "EdDSA"),
        fresh_seconds: float = 300.0,
        pause_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._algorithms = algorithms
        self._fresh_seconds = fresh_seconds
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] | None = None
        self._fetched_at = float("-inf")
        self._asked_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    def known(self, kid: str) -> bool:
        """Whether the key is among those fetched last."""
        return self._keys is not None and kid in self._keys

    async def get(self, kid: str) -> jwt.PyJWK | None:
        """The key, or None if the issuer has none of that name. Raises KeysUnavailable."""
        now = self._clock()
        stale = now - self._fetched_at >= self._fresh_seconds
        if (stale or not self.known(kid)) and now - self._asked_at >= self._pause_seconds:
            self._begin(now)
        if self._fetching is not None and not self.known(kid):
            await asyncio.shield(self._fetching)
        if self._keys is None:
            raise KeysUnavailable("the issuer's keys could not be fetched")
        return self._keys.get(kid)

    def _begin(self, now: float) -> None:
        if self._fetching is None:
            self._asked_at = now
            self._fetching = start_detached(self._refresh(), name="jwks")

    async def _refresh(self) -> None:
        try:
            self._keys = self._parsed(await self._fetch())
            self._fetched_at = self._clock()
            _FETCHED.labels("fetched").inc()
        except Exception as error:
            _FETCHED.labels("failed").inc()
            _log.warning("the issuer's keys could not be fetched", extra={"error": repr(error)})
        finally:
            self._fetching = None

    def _parsed(self, document: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
        keys: dict[str, jwt.PyJWK] = {}
        for entry in document["keys"]:
            if "kid" not in entry or entry.get("use", "sig") != "sig":
                continue
            try:
                key = jwt.PyJWK(entry)
            except jwt.PyJWTError as error:
                _log.warning("a key of the issuer cannot be used", extra={"error": repr(error)})
                continue
            if key.algorithm_name in self._algorithms:
                keys[entry["kid"]] = key
        return keys
