"""Access tokens that anybody with the public key can verify (RFC 7519, signed with ES256)."""

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

_ALGORITHM = "ES256"


class TokenIssuer:
    """Signs access tokens with one private key, and publishes its public half.

    Errors: ValueError if `signing_key_pem` is not an unencrypted PEM of a P-256 private key.
    """

    def __init__(
        self,
        signing_key_pem: str,
        *,
        issuer: str = "seawall-accounts",
        audience: str = "seawall",
        ttl_seconds: int = 900,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key = _private_key(signing_key_pem)
        self._jwk = _public_jwk(self._key.public_key())
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self.ttl_seconds = ttl_seconds

    def issue(self, subject: str, role: str = "customer", **claims: Any) -> str:
        """A token for `subject`, valid for `ttl_seconds`. `claims` cannot replace the standard ones."""
        now = int(self._clock())
        payload = {
            **claims,
            "iss": self._issuer,
            "aud": self._audience,
            "sub": subject,
            "role": role,
            "iat": now,
            "exp": now + self.ttl_seconds,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode(payload, self._key, algorithm=_ALGORITHM, headers={"kid": self._jwk["kid"]})

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The JWK Set (RFC 7517) with the public key. No private part is in it."""
        return {"keys": [dict(self._jwk)]}


def generate_signing_key() -> str:
    """A new P-256 private key, as PKCS#8 PEM."""
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode()


def _private_key(pem: str) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("the signing key is not an unencrypted PEM private key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("the signing key is not a P-256 key, which ES256 needs")  # noqa: TRY004
    return key


def _public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    required = {
        "crv": "P-256",
        "kty": "EC",
        "x": _base64url(numbers.x.to_bytes(32, "big")),
        "y": _base64url(numbers.y.to_bytes(32, "big")),
    }
    return {**required, "use": "sig", "alg": _ALGORITHM, "kid": thumbprint(required)}


def thumbprint(required_members: dict[str, str]) -> str:
    """The SHA-256 thumbprint of a JWK's required members (RFC 7638)."""
    canonical = json.dumps(required_members, sort_keys=True, separators=(",", ":"))
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
