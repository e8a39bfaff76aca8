"""The first level: values in the process, each for as long as it may be believed."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from seawall.cache.entry import Entry
from seawall.cache.policy import CachePolicy
from seawall.cache.weight import deep_size
from seawall.cache.window_tiny_lfu import WindowTinyLfu

T = TypeVar("T")

# The table's slots, the node and its times, beside key and value: by sys.getsizeof, rounded up.
_OVERHEAD_BYTES = 400


@dataclass(slots=True)
class Held(Generic[T]):
    """A value, and until when it is fresh, and then stale, by the monotonic clock."""

    value: T | None
    until: float
    stale_until: float


class FirstLevel(Generic[T]):
    """At most `policy.l1_bytes` of values. While changes may go untold it believes none of them for long."""

    def __init__(
        self,
        policy: CachePolicy,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        weigh: Callable[[T | None], int] = deep_size,
    ) -> None:
        self.table: WindowTinyLfu[Held[T]] = WindowTinyLfu(policy.l1_bytes)
        self.is_sighted = False
        self._policy, self._clock, self._wall_clock, self._weigh = policy, clock, wall_clock, weigh

    def keep(self, key: str, entry: Entry[T], seconds: float) -> None:
        """Holds an entry as fresh for at most `seconds`; also not beyond what the policy allows."""
        now = self._clock()
        longest = self._policy.l1_ttl_seconds if self.is_sighted else self._policy.l1_blind_ttl_seconds
        stale_seconds = min(entry.stale_until - self._wall_clock(), self._policy.l1_ttl_seconds)
        held = Held(entry.value, now + min(seconds, longest), now + stale_seconds)
        self.table.put(key, held, self._weigh(entry.value) + sys.getsizeof(key) + _OVERHEAD_BYTES)
