"""What can be wrong with a token.

AuthError
├── InvalidToken      the caller's fault: 401
└── KeysUnavailable   nobody can tell now: 503
"""


class AuthError(Exception):
    """Any of these."""


class InvalidToken(AuthError):
    """A token that proves nothing. `reason` is one of a few words, fit for a metric's label."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class KeysUnavailable(AuthError):
    """The issuer's keys were never fetched, and cannot be fetched now."""
