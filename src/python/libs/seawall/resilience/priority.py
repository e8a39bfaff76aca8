"""How much a request matters: what is shed last when there is more to do than can be done.

Source: Google, Site Reliability Engineering, ch. 21, "Criticality".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum


class Priority(IntEnum):
    """The lower the number, the later it is shed."""

    CRITICAL_PLUS = 0
    """What earns money now: a checkout, a payment."""
    CRITICAL = 1
    """What a person waits for: the default."""
    SHEDDABLE_PLUS = 2
    """What can come later: browsing, batches that are tried again."""
    SHEDDABLE = 3
    """What may not come at all: recommendations, prefetching."""


_current: ContextVar[Priority] = ContextVar("priority", default=Priority.CRITICAL)


def current_priority() -> Priority:
    """Of what is being worked on."""
    return _current.get()


@contextmanager
def bind_priority(priority: Priority) -> Iterator[None]:
    """For a block, and the tasks that it starts."""
    token = _current.set(priority)
    try:
        yield
    finally:
        _current.reset(token)
