"""A second level in the memory of one process: for tests, and to do without a server."""

import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from seawall.cache.ports import Features, Lease, Watcher


class InMemoryStore:
    """The port SharedStore, for caches of one event loop. Expired values go when their key is used."""

    features = Features(tells_changes=True)

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._values: dict[str, tuple[bytes, float]] = {}
        self._leases: dict[str, tuple[str, float]] = {}
        self._tokens = map(str, itertools.count())
        self._watchers: list[Watcher] = []

    async def read(self, key: str) -> bytes | None:
        """The value, or None."""
        value, ends_at = self._values.get(key, (None, 0.0))
        return value if self._clock() < ends_at else None

    async def lease(self, key: str, ttl: float) -> Lease | None:
        """The right to fill the key. None: another one has it."""
        return None if self._holder(key) else self._give(key, ttl)

    async def fill(self, lease: Lease, value: bytes, ttl: float) -> bool:
        """Stores the value and ends the lease. False where it has ended before."""
        if self._holder(lease.key) != lease.token:
            return False
        del self._leases[lease.key]
        self._values[lease.key] = (value, self._clock() + ttl)
        self._tell(lease.key)
        return True

    async def release(self, lease: Lease) -> None:
        """Ends the lease for the next one, if it still holds."""
        if self._holder(lease.key) == lease.token:
            del self._leases[lease.key]

    async def claim(self, key: str, ttl: float) -> Lease:
        """Deletes the value and takes the lease from whoever has it."""
        await self.delete(key)
        return self._give(key, ttl)

    async def delete(self, key: str) -> None:
        """Deletes the value, and ends the lease of whoever has it."""
        ended = [held.pop(key, None) for held in (self._values, self._leases)]
        if any(ended):
            self._tell(key)

    @asynccontextmanager
    async def watch(self, watcher: Watcher) -> AsyncIterator[None]:
        """Tells `watcher` of changes at once."""
        self._watchers.append(watcher)
        watcher.sighted()
        try:
            yield
        finally:
            self._watchers.remove(watcher)
            watcher.blind()

    def _holder(self, key: str) -> str | None:
        token, ends_at = self._leases.get(key, (None, 0.0))
        return token if self._clock() < ends_at else None

    def _give(self, key: str, ttl: float) -> Lease:
        lease = Lease(key, next(self._tokens))
        self._leases[key] = (lease.token, self._clock() + ttl)
        return lease

    def _tell(self, key: str) -> None:
        for watcher in self._watchers:
            watcher.changed([key])
