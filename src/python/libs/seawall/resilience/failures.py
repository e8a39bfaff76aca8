"""What an error says about the other side. Adapters that know their protocol better hand in their own."""

import asyncio
import socket
from enum import Enum

from seawall.resilience.deadline import current_deadline
from seawall.resilience.errors import DeadlineExceeded, NeverSent, Rejected


class Effect(Enum):
    """What a call that failed may have done."""

    NONE = "none"
    """Nothing arrived: it may be made again, whatever it does."""
    UNKNOWN = "unknown"
    """It may have been done: it may be made again if that does no harm."""
    FINAL = "final"
    """It was answered, or is not worth making again."""


_ANSWERED_BY_A_PROXY = frozenset({502, 503, 504})
_REFUSED_FOR_LOAD = frozenset({429, 503})


def effect_of(error: Exception) -> Effect:
    """By the type of the error; of one with an HTTP `status`, by that."""
    if isinstance(error, Rejected | DeadlineExceeded):
        return Effect.FINAL
    if isinstance(error, NeverSent | ConnectionRefusedError | socket.gaierror):
        return Effect.NONE
    if isinstance(error, ConnectionError | TimeoutError) or _status(error) in _ANSWERED_BY_A_PROXY:
        return Effect.UNKNOWN
    return Effect.FINAL


def is_outage(error: Exception) -> bool:
    """Whether it speaks against the other side. Not what was never sent to it, and no 4xx: it answered."""
    if isinstance(error, Rejected | DeadlineExceeded):
        return False
    status = _status(error)
    return status is None or not 400 <= status < 500


def is_refusal(error: Exception) -> bool:
    """Whether the other side has too much to do: 429, 503, or nobody accepts the connection."""
    return _status(error) in _REFUSED_FOR_LOAD or isinstance(error, ConnectionRefusedError)


def is_overdue(error: BaseException) -> bool:
    """Whether the call took too long for somebody; also a cancellation once the deadline has passed."""
    if isinstance(error, asyncio.CancelledError):
        deadline = current_deadline()
        return deadline is not None and deadline.remaining_seconds() <= 0
    return isinstance(error, TimeoutError | DeadlineExceeded)


def _status(error: Exception) -> int | None:
    status = getattr(error, "status", None)
    return status if isinstance(status, int) else None
