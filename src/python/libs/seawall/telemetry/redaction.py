"""What must not be in a log."""

from typing import Any

REDACTED = "[redacted]"
_SECRET = ("password", "secret", "token", "authorization", "cookie", "api_key", "signing_key", "credential")


def redacted(name: str, value: Any) -> Any:
    """The value, or `[redacted]` where its name, or a name in a mapping in it, speaks of a secret."""
    if any(word in name.lower() for word in _SECRET):
        return REDACTED
    if isinstance(value, dict):
        return {str(key): redacted(str(key), inner) for key, inner in value.items()}
    return value
