"""A second level that is away is not asked again and again."""

import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from seawall.cache.errors import StoreUnavailable
from seawall.cache.ports import Lease, SharedStore, Watcher

R = TypeVar("R")

PAUSE_SECONDS = 0.5


class GuardedStore:
    """The port SharedStore over another one. After a failure calls fail at once for half a second.

    Not those that must not be left out: `claim` and `delete` are always tried.
    """

    def __init__(self, store: SharedStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._away_until = float("-inf")
        self.features = store.features

    async def read(self, key: str) -> bytes | None:
        """The value, or None."""
        self._check()
        return await self._watched(self._store.read(key))

    async def lease(self, key: str, ttl: float) -> Lease | None:
        """The right to fill the key. None: another one has it."""
        self._check()
        return await self._watched(self._store.lease(key, ttl))

    async def fill(self, lease: Lease, value: bytes, ttl: float) -> bool:
        """Stores the value and ends the lease. False where it has ended before."""
        self._check()
        return await self._watched(self._store.fill(lease, value, ttl))

    async def release(self, lease: Lease) -> None:
        """Ends the lease for the next one, if it still holds."""
        self._check()
        await self._watched(self._store.release(lease))

    async def claim(self, key: str, ttl: float) -> Lease:
        """Deletes the value and takes the lease from whoever has it."""
        return await self._watched(self._store.claim(key, ttl))

    async def delete(self, key: str) -> None:
        """Deletes the value, and ends the lease of whoever has it."""
        await self._watched(self._store.delete(key))

    def watch(self, watcher: Watcher) -> AbstractAsyncContextManager[None]:
        """Tells `watcher` of changes while the block runs."""
        return self._store.watch(watcher)

    def _check(self) -> None:
        if self._clock() < self._away_until:
            raise StoreUnavailable("it was away a moment ago")

    async def _watched(self, call: Awaitable[R]) -> R:
        try:
            return await call
        except StoreUnavailable:
            self._away_until = self._clock() + PAUSE_SECONDS
            raise
