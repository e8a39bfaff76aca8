"""The W3C trace context of what is being worked on, carried by hand: no span is made for it.

Source: W3C Trace Context, Level 1, section 3.2 (traceparent, version 00).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def current_traceparent() -> str | None:
    """The traceparent of what is being worked on, or None."""
    return _current.get()


@contextmanager
def bind_traceparent(value: str | None) -> Iterator[None]:
    """Sets it for the block. What has not the form of a traceparent is left out, as the standard asks."""
    token = _current.set(value if value is not None and _FORM.fullmatch(value) else None)
    try:
        yield
    finally:
        _current.reset(token)
