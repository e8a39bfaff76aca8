"""Verifying access tokens in a service, without asking anybody for each."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import jwt
from prometheus_client import Counter

from seawall.auth.errors import InvalidToken
from seawall.auth.key_set import KeySet

MAX_TOKEN_BYTES = 8 * 1024
LATEST_SECONDS = 2**53
_REQUIRED = ["exp", "iat", "iss", "aud", "sub"]
# Times are checked against the injected clock, also of tokens that were verified before.
_OPTIONS: Any = {"require": _REQUIRED, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
_REASONS: Mapping[type[jwt.PyJWTError], str] = {
    jwt.InvalidSignatureError: "signature",
    jwt.InvalidIssuerError: "issuer",
    jwt.InvalidAudienceError: "audience",
    jwt.MissingRequiredClaimError: "claims",
    jwt.InvalidAlgorithmError: "algorithm",
}

_VERIFIED = Counter("seawall_auth_tokens_total", "Tokens looked at, by what they came to", ["outcome"])

Claims = Mapping[str, Any]


class TokenVerifier:
    """Verifies JWTs (RFC 7519) of one issuer for one audience, as RFC 8725 advises.

    The algorithm is the key's, never the token's word. A verified token is remembered until it expires or its
    key is withdrawn: the next request with it costs a look-up instead of a signature. At most `max_cached`
    are, the least recently used go first.
    """

    def __init__(
        self,
        keys: KeySet,
        *,
        issuer: str,
        audience: str,
        leeway_seconds: float = 10.0,
        max_cached: int = 10_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._leeway_seconds = leeway_seconds
        self._max_cached = max_cached
        self._clock = clock
        self._verified: OrderedDict[str, tuple[str, Claims]] = OrderedDict()

    async def verify(self, token: str) -> Claims:
        """The claims. Raises InvalidToken, and KeysUnavailable while no key has ever been fetched."""
        try:
            claims = self._remembered(token)
            outcome = "remembered"
            if claims is None:
                claims = await self._verify_anew(token)
                outcome = "verified"
        except InvalidToken as error:
            _VERIFIED.labels(error.reason).inc()
            raise
        _VERIFIED.labels(outcome).inc()
        return claims

    def _remembered(self, token: str) -> Claims | None:
        known = self._verified.get(token)
        if known is None:
            return None
        kid, claims = known
        if not self._keys.known(kid):
            del self._verified[token]
            return None
        try:
            self._check_times(claims)
        except InvalidToken:
            del self._verified[token]
            raise
        self._verified.move_to_end(token)
        return claims

    async def _verify_anew(self, token: str) -> Claims:
        kid = _kid(token)
        key = await self._keys.get(kid)
        if key is None:
            raise InvalidToken("key", "the issuer has no such key")
        claims = self._decoded(token, key)
        self._check_times(claims)
        self._verified[token] = (kid, claims)
        if len(self._verified) > self._max_cached:
            self._verified.popitem(last=False)
        return claims

    def _decoded(self, token: str, key: jwt.PyJWK) -> Claims:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=self._issuer,
                audience=self._audience,
                options=_OPTIONS,
            )
        except jwt.PyJWTError as error:
            raise InvalidToken(_REASONS.get(type(error), "malformed"), str(error)) from error

    def _check_times(self, claims: Claims) -> None:
        now = self._clock()
        if now >= _seconds(claims, "exp") + self._leeway_seconds:
            raise InvalidToken("expired", "the token has expired")
        if now < max(_seconds(claims, "iat"), _seconds(claims, "nbf", 0.0)) - self._leeway_seconds:
            raise InvalidToken("early", "the token is not valid yet")


def _kid(token: str) -> str:
    if len(token) > MAX_TOKEN_BYTES:
        raise InvalidToken("malformed", f"a token has at most {MAX_TOKEN_BYTES} bytes")
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError as error:
        raise InvalidToken("malformed", "this is no token") from error
    if not isinstance(kid, str):
        raise InvalidToken("key", "the token names no key")
    return kid


def _seconds(claims: Claims, name: str, default: float | None = None) -> float:
    value = claims.get(name, default)
    # JSON's parser lets NaN through, which is never past: such a token would not expire.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LATEST_SECONDS:
        raise InvalidToken("claims", f"{name} is a number of seconds")
    return float(value)
