"""Time-outs as they travel: what remains, not an instant, so that clocks need not agree.

Source: gRPC over HTTP/2, "Timeout": at most eight digits, and for grpc-timeout a unit.
"""

import math
import re
from typing import Final

from seawall.resilience.errors import MalformedTimeout

REQUEST_TIMEOUT: Final = "x-request-timeout-ms"
GRPC_TIMEOUT: Final = "grpc-timeout"

_MOST: Final = 99_999_999
_MILLISECONDS: Final = re.compile(r"[0-9]{1,8}", re.ASCII)
_GRPC: Final = re.compile(r"([0-9]{1,8})([HMSmun])", re.ASCII)
# Finest first: a time-out is written as exactly as its digits allow.
_UNIT_SECONDS: Final = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "S": 1.0, "M": 60.0, "H": 3600.0}


def parse_request_timeout(text: str) -> float:
    """Seconds, of whole milliseconds. Raises MalformedTimeout, also for more than eight digits."""
    if not _MILLISECONDS.fullmatch(text):
        raise MalformedTimeout("1 to 8 digits: milliseconds")
    return int(text) / 1000


def format_request_timeout(seconds: float) -> str:
    """Whole milliseconds, rounded down; what is longer than eight digits can say is cut."""
    return str(_whole(seconds, 1e-3))


def parse_grpc_timeout(text: str) -> float:
    """Seconds. Raises MalformedTimeout."""
    found = _GRPC.fullmatch(text)
    if found is None:
        raise MalformedTimeout("1 to 8 digits and one of H, M, S, m, u, n")
    return int(found[1]) * _UNIT_SECONDS[found[2]]


def format_grpc_timeout(seconds: float) -> str:
    """The value in the finest unit that holds it, rounded down."""
    for unit, unit_seconds in _UNIT_SECONDS.items():
        if seconds / unit_seconds <= _MOST:
            return f"{_whole(seconds, unit_seconds)}{unit}"
    return f"{_MOST}H"


def _whole(seconds: float, unit_seconds: float) -> int:
    if math.isnan(seconds):
        raise ValueError("a time-out is a number")
    # To the nanosecond first: 0.25 / 1e-3 is a little less than 250.
    return math.floor(round(min(max(seconds / unit_seconds, 0), _MOST), 9))
