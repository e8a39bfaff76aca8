"""Access tokens (JWT, JWKS) and passwords (argon2id)."""

from seawall.auth.passwords import Overloaded, PasswordHasher
from seawall.auth.tokens import TokenIssuer, generate_signing_key

__all__ = ["Overloaded", "PasswordHasher", "TokenIssuer", "generate_signing_key"]
