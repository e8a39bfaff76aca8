"""The correlation id: one name for all that one request set off, in every process."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MAX_LENGTH = 64
_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")

_current: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def current_correlation_id() -> str | None:
    """The id of what is being worked on, or None."""
    return _current.get()


def new_correlation_id() -> str:
    """A fresh id: 128 random bits in hex."""
    return secrets.token_hex(16)


@contextmanager
def bind_correlation_id(value: str | None) -> Iterator[None]:
    """Sets the id for the block. One that is too long or has odd characters is not taken over.

    Ids come from outside and end up in logs and headers: what is not plain is replaced.
    """
    token = _current.set(value if value is None or _is_plain(value) else new_correlation_id())
    try:
        yield
    finally:
        _current.reset(token)


def _is_plain(value: str) -> bool:
    return 0 < len(value) <= MAX_LENGTH and _ALLOWED.issuperset(value)
