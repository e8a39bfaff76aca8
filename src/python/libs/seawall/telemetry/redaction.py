"""What must not be in a log."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

REDACTED = "[redacted]"

_MAX_DEPTH = 8
# Asked for before what is slow to ask for: whether it is a Mapping.
_PLAIN = frozenset({str, int, float, bool, type(None)})
_SECRET = re.compile(
    "passw|secret|token|authori[sz]ation|cookie|credential|(api|signing|private)[_-]?key", re.IGNORECASE
)
# In free text: the password of a URL, and a bearer token.
_URL_PASSWORD = re.compile(r'(://[^/\s:@"]*):[^/\s@"]+@')
_BEARER = re.compile(r"\b(bearer) +[\w.~+/=-]{8,}", re.IGNORECASE)


def redacted(name: str, value: Any, depth: int = 0) -> Any:
    """The value, or `[redacted]` where its name, or a name in a mapping in it, speaks of a secret."""
    if _is_secret(name):
        return REDACTED
    if type(value) in _PLAIN:
        return value
    if depth == _MAX_DEPTH:
        return "..."
    if isinstance(value, Mapping):
        return {str(key): redacted(str(key), inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redacted("", inner, depth + 1) for inner in value]
    return value


def scrubbed(text: str) -> str:
    """The text without passwords in URLs and without bearer tokens."""
    if "://" in text:
        text = _URL_PASSWORD.sub(rf"\1:{REDACTED}@", text)
    if "earer " in text:
        text = _BEARER.sub(rf"\1 {REDACTED}", text)
    return text


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _SECRET.search(name) is not None
