"""The second level on Memcached: a lease is the item's CAS number, which whatever happens to it changes."""

import math
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import blake2b

from seawall.cache.memcached_client import Item, MemcachedClient
from seawall.cache.ports import Features, Lease, Watcher

# What an item holds: a value, a mark of who fills it, or the mark of one who gave up.
_VALUE, _PENDING, _FREE = b"V", b"P", b"F"
_REFRESH = "!"  # ends the token of a lease on a key that keeps its value
_LONGEST_KEY = 250
_LONGEST_SECONDS = 30 * 24 * 3600  # more is taken for a date


class MemcachedStore:
    """The port SharedStore, without pushes: Memcached tells nobody of a change.

    Items are at `<prefix>:<key>`, or at a digest where Memcached would not take that for a key. It counts
    whole seconds: times to live are rounded up, by two seconds at most.
    """

    features = Features(tells_changes=False)

    def __init__(self, client: MemcachedClient, prefix: str) -> None:
        self._client, self._prefix = client, prefix

    async def read(self, key: str) -> bytes | None:
        """The value, or None."""
        item = await self._client.gets(self._name(key))
        return item.data[1:] if item and item.data[:1] == _VALUE else None

    async def lease(self, key: str, ttl: float) -> Lease | None:
        """The right to fill the key. None: another one has it."""
        name = self._name(key)
        item = await self._client.gets(name)
        if item is None:
            return await self._mark(key, ttl, None)
        if item.data[:1] == _FREE:
            return await self._mark(key, ttl, item)
        if item.data[:1] == _VALUE and await self._client.add(self._refresh(key), b"", _seconds(ttl)):
            return Lease(key, f"{item.cas}{_REFRESH}")
        return None

    async def fill(self, lease: Lease, value: bytes, ttl: float) -> bool:
        """Stores the value and ends the lease, in one step. False where it has ended before."""
        name, cas = self._name(lease.key), int(lease.token.removesuffix(_REFRESH))
        filled = await self._client.cas(name, _VALUE + value, cas, _seconds(ttl))
        if lease.token.endswith(_REFRESH):
            await self._client.delete(self._refresh(lease.key))
        return filled

    async def release(self, lease: Lease) -> None:
        """Ends the lease for the next one, if it still holds."""
        if lease.token.endswith(_REFRESH):
            await self._client.delete(self._refresh(lease.key))
        else:
            await self._client.cas(self._name(lease.key), _FREE, int(lease.token), 1)

    async def claim(self, key: str, ttl: float) -> Lease:
        """Deletes the value and takes the lease from whoever has it."""
        mark = _PENDING + secrets.token_bytes(8)
        await self._client.set(self._name(key), mark, _seconds(ttl))
        await self._client.delete(self._refresh(key))
        return await self._marked(key, mark) or Lease(key, "0")  # "0" fills nothing

    async def delete(self, key: str) -> None:
        """Deletes the value, and ends the lease of whoever has it."""
        await self._client.delete(self._name(key))
        await self._client.delete(self._refresh(key))

    @asynccontextmanager
    async def watch(self, watcher: Watcher) -> AsyncIterator[None]:
        """Nothing is ever told: the watcher stays blind."""
        yield

    async def _mark(self, key: str, ttl: float, free: Item | None) -> Lease | None:
        name, mark = self._name(key), _PENDING + secrets.token_bytes(8)
        if free is None:
            marked = await self._client.add(name, mark, _seconds(ttl))
        else:
            marked = await self._client.cas(name, mark, free.cas, _seconds(ttl))
        return await self._marked(key, mark) if marked else None

    async def _marked(self, key: str, mark: bytes) -> Lease | None:
        item = await self._client.gets(self._name(key))
        return Lease(key, str(item.cas)) if item and item.data == mark else None

    def _name(self, key: str) -> bytes:
        return _safe(f"{self._prefix}:{key}")

    def _refresh(self, key: str) -> bytes:
        return _safe(f"{self._prefix}!{key}")


@asynccontextmanager
async def open_memcached_store(
    address: str, prefix: str, *, max_connections: int = 16, timeout_seconds: float = 0.1
) -> AsyncIterator[MemcachedStore]:
    """The second level below `prefix` on the Memcached at `host:port`. Connects at the first call."""
    client = MemcachedClient(address, max_connections=max_connections, timeout_seconds=timeout_seconds)
    try:
        yield MemcachedStore(client, prefix)
    finally:
        await client.close()


def _safe(name: str) -> bytes:
    raw = name.encode()
    if len(raw) <= _LONGEST_KEY and name.isascii() and name.isprintable() and " " not in name:
        return raw
    return b"#" + blake2b(raw, digest_size=24).hexdigest().encode()


def _seconds(ttl: float) -> int:
    # An item of n seconds may lapse after n - 1.
    return min(math.ceil(ttl) + 1, _LONGEST_SECONDS)
