"""Access tokens (JWT, JWKS) and passwords (argon2id)."""

from seawall.extras import extra

with extra("auth"):
    from seawall.auth.errors import AuthError, InvalidToken, KeysUnavailable
    from seawall.auth.http_keys import jwks_at
    from seawall.auth.key_set import KeySet
    from seawall.auth.passwords import Overloaded, PasswordHasher
    from seawall.auth.tokens import TokenIssuer, generate_signing_key
    from seawall.auth.verifier import TokenVerifier

__all__ = [
    "AuthError",
    "InvalidToken",
    "KeySet",
    "KeysUnavailable",
    "Overloaded",
    "PasswordHasher",
    "TokenIssuer",
    "TokenVerifier",
    "generate_signing_key",
    "jwks_at",
]
