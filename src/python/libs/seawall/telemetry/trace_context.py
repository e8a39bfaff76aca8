"""The W3C trace context of what is being worked on, carried by hand: no span is made for it.

Source: W3C Trace Context, Level 1, section 3.2 (traceparent, version 00).
"""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from seawall.telemetry.binding import Binding

_FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

_ODD = frozenset("13579bdf")

_current: ContextVar[str | None] = ContextVar("traceparent", default=None)
_ratio = 0.0


def current_traceparent() -> str | None:
    """The traceparent of what is being worked on, or None."""
    return _current.get()


def current_trace_id() -> str | None:
    """Its trace id: 32 hexadecimal digits; or None."""
    value = _current.get()
    return None if value is None else value[3:35]


def trace_id_of(traceparent: str | None) -> str | None:
    """The trace id in a traceparent; None in what is none."""
    return traceparent[3:35] if traceparent is not None and _FORM.fullmatch(traceparent) else None


def is_sampled(traceparent: str) -> bool:
    """Whether a well-formed traceparent asks for spans."""
    return traceparent[-1] in _ODD


def new_traceparent(*, sampled: bool = False) -> str:
    """The beginning of a trace: 192 random bits."""
    bits = f"{random.getrandbits(192):048x}"
    return f"00-{bits[:32]}-{bits[32:]}-{'01' if sampled else '00'}"


@contextmanager
def sampling(ratio: float) -> Iterator[None]:
    """For the block, this share of the traces that begin in this process is sampled."""
    global _ratio  # noqa: PLW0603 - as with logging, there is one per process
    before, _ratio = _ratio, ratio
    try:
        yield
    finally:
        _ratio = before


def bind_traceparent(value: str | None) -> Binding[str | None]:
    """Sets it for the block. What has not the form of a traceparent is left out, as the standard asks."""
    return Binding(_current, value if value is not None and _FORM.fullmatch(value) else None)


def bind_trace(value: str | None) -> Binding[str | None]:
    """As `bind_traceparent`, where work enters: what is missing or malformed is replaced by a new trace."""
    return Binding(_current, value if value is not None and _FORM.fullmatch(value) else _begun())


def _begun() -> str:
    return new_traceparent(sampled=_ratio > 0.0 and random.random() < _ratio)
