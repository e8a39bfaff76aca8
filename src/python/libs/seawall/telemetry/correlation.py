"""The correlation id: one name for all that one request set off, in every process."""

import random
import re
from contextvars import ContextVar

from seawall.telemetry.binding import Binding

_PLAIN = re.compile(r"[A-Za-z0-9_.:-]{1,64}")

_current: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def current_correlation_id() -> str | None:
    """The id of what is being worked on, or None."""
    return _current.get()


def new_correlation_id() -> str:
    """A fresh id: 128 random bits in hex. It is no secret, and can be foretold."""
    return f"{random.getrandbits(128):032x}"


def bind_correlation_id(value: str | None) -> Binding[str | None]:
    """Sets the id for the block. One that is too long or has odd characters is not taken over.

    Ids come from outside and end up in logs and headers: what is not plain is replaced.
    """
    return Binding(_current, value if value is None or _PLAIN.fullmatch(value) else new_correlation_id())
