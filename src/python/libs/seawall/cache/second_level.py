"""The second level as the cache sees it: entries instead of bytes."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from seawall.cache import metrics
from seawall.cache.codec import Codec
from seawall.cache.entry import Entry, decode_entry, encode_entry
from seawall.cache.errors import StoreUnavailable, Undecodable
from seawall.cache.policy import CachePolicy
from seawall.cache.ports import Lease, SharedStore

T = TypeVar("T")
R = TypeVar("R")


class SecondLevel(Generic[T]):
    """Reads, stores and dates entries. Every method raises StoreUnavailable or answers."""

    def __init__(
        self,
        name: str,
        store: SharedStore,
        codec: Codec[T],
        policy: CachePolicy,
        wall_clock: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._store, self._codec, self._policy = store, codec, policy
        self._wall_clock, self._random = wall_clock, random
        self._failures = metrics.STORE_FAILURES.labels(name)
        self._refused = metrics.REFUSED_FILLS.labels(name)
        self._undecodable = metrics.UNDECODABLE.labels(name)

    def entry(self, value: T | None, load_seconds: float) -> Entry[T]:
        """The entry for a value that was loaded just now."""
        is_there = value is not None
        fresh_until = self._wall_clock() + self._policy.fresh_seconds(is_there, self._random)
        stale_until = fresh_until + (self._policy.stale_seconds if is_there else 0.0)
        return Entry(value, fresh_until, stale_until, load_seconds)

    def is_fresh(self, entry: Entry[T]) -> bool:
        """Whether it may be served without asking its source."""
        return self._wall_clock() < entry.fresh_until

    async def read(self, key: str) -> Entry[T] | None:
        """The entry, fresh or stale; what cannot be read is none."""
        data = await self._counted(self._store.read(key))
        if data is None:
            return None
        try:
            return decode_entry(data, self._codec)
        except Undecodable:
            self._undecodable.inc()
            return None

    async def lease(self, key: str, seconds: float) -> Lease | None:
        """The right to fill the key. None: another one has it."""
        return await self._counted(self._store.lease(key, seconds))

    async def claim(self, key: str, seconds: float) -> Lease:
        """The same, taken from whoever has it."""
        return await self._counted(self._store.claim(key, seconds))

    async def fill(self, lease: Lease, entry: Entry[T]) -> bool:
        """Stores the entry. False: the key changed since the lease was given."""
        ttl = entry.stale_until - self._wall_clock()
        filled = await self._counted(self._store.fill(lease, encode_entry(entry, self._codec), ttl))
        if not filled:
            self._refused.inc()
        return filled

    async def release(self, lease: Lease) -> None:
        """Lets the next one try."""
        await self._counted(self._store.release(lease))

    async def delete(self, key: str) -> None:
        """Deletes the entry, and ends the lease of whoever loads it."""
        await self._counted(self._store.delete(key))

    async def _counted(self, call: Awaitable[R]) -> R:
        try:
            return await call
        except StoreUnavailable:
            self._failures.inc()
            raise
