"""How long values are good, and how much of them is held."""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """The times of a cache, in seconds, and its bytes.

    `ttl_seconds` is how long a value is fresh; each value's own time is up to `ttl_jitter` shorter or
    longer, so that what was loaded together does not lapse together. That there is no such thing is
    known for `negative_ttl_seconds`. `stale_seconds` longer a value is there for loads that fail, or that
    a caller has waited for `patience_seconds`.
    `early_beta` above 1 refreshes earlier, 0 never.
    """

    ttl_seconds: float = 60.0
    ttl_jitter: float = 0.1
    negative_ttl_seconds: float = 5.0
    stale_seconds: float = 300.0
    early_beta: float = 1.0
    load_timeout_seconds: float = 5.0
    patience_seconds: float = 0.25
    l1_bytes: int = 32 * 1024 * 1024
    l1_ttl_seconds: float = 30.0
    """The longest that a process holds a value, even when changes are told."""
    l1_blind_ttl_seconds: float = 1.0
    """The same while changes may go untold."""

    def fresh_seconds(self, is_there: bool, random: Callable[[], float]) -> float:
        """How long a value, or the knowledge that there is none, is fresh."""
        ttl = self.ttl_seconds if is_there else self.negative_ttl_seconds
        return ttl * (1 + self.ttl_jitter * (2 * random() - 1))


def early_seconds(load_seconds: float, beta: float, random: Callable[[], float]) -> float:
    """How long before its end a value is loaded anew: XFetch, drawn once for each process that reads it.

    Source: Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015.
    """
    return load_seconds * beta * -math.log(1.0 - random())
