"""Which attempt a call is, as it travels: one layer retries, so that n layers do not make 2^n calls.

Source: Google, Site Reliability Engineering, ch. 22: retry at the layer right above what is rejecting.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

ATTEMPT: Final = "x-attempt"
"""The header. Who sends it retries; who receives it does not."""

_MALFORMED: Final = 1
_NUMBER: Final = re.compile(r"[1-9][0-9]?", re.ASCII)
CURRENT: ContextVar[int | None] = ContextVar("attempt", default=None)
"""For this lib alone: others ask `current_attempt()`."""


def current_attempt() -> int | None:
    """The number to send as `x-attempt`, from 1; None if nobody above retries, then nothing is sent."""
    return CURRENT.get()


def parse_attempt(text: str | None) -> int | None:
    """What the header says. None without one; what is malformed counts as a first attempt."""
    if text is None:
        return None
    return int(text) if _NUMBER.fullmatch(text) else _MALFORMED


@contextmanager
def bind_attempt(number: int | None) -> Iterator[None]:
    """For a block, and the tasks that it starts: what came in with a request."""
    token = CURRENT.set(number)
    try:
        yield
    finally:
        CURRENT.reset(token)
