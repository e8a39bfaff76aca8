"""The second level on Valkey: values and leases beside each other, changes pushed by client tracking."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

from seawall.cache.errors import StoreUnavailable
from seawall.cache.ports import Features, Lease, Watcher
from seawall.extras import extra

with extra("valkey"):
    from seawall.valkey import Script, Valkey, ValkeyError, Value, open_valkey, watch

R = TypeVar("R")

# KEYS: the value, the lease. ARGV: the token, then the value and its milliseconds.
_FILL = Script("""
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
return 1
""")
_RELEASE = Script("""
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
""")
# Only changes of values are pushed: who loads a key that has none is told by one that comes and goes.
_END = """
if redis.call('DEL', KEYS[1]) == 0 and redis.call('DEL', KEYS[2]) == 1 then
  redis.call('SET', KEYS[1], '')
  redis.call('DEL', KEYS[1])
end
redis.call('DEL', KEYS[2])
"""
_DELETE = Script(_END)
_CLAIM = Script(_END + "redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])")


class ValkeyStore:
    """The port SharedStore. Values are at `<prefix>:v:{<key>}`, leases at `<prefix>:l:{<key>}`."""

    features = Features(tells_changes=True)

    def __init__(self, valkey: Valkey, url: str, prefix: str) -> None:
        self._valkey, self._url = valkey, url
        self._values, self._leases = f"{prefix}:v:{{", f"{prefix}:l:{{"

    async def read(self, key: str) -> bytes | None:
        """The value, or None."""
        return await _told(self._valkey.get_bytes(self._names(key)[0]))

    async def lease(self, key: str, ttl: float) -> Lease | None:
        """The right to fill the key: SET NX PX. None: another one has it."""
        lease = Lease(key, secrets.token_hex(8))
        taken = self._valkey.set(self._names(key)[1], lease.token, ttl_seconds=ttl, only_if_absent=True)
        return lease if await _told(taken) else None

    async def fill(self, lease: Lease, value: bytes, ttl: float) -> bool:
        """Stores the value and ends the lease, in one step. False where it has ended before."""
        arguments: list[Value] = [lease.token, value, _milliseconds(ttl)]
        return bool(await _told(_FILL(self._valkey, self._names(lease.key), arguments)))

    async def release(self, lease: Lease) -> None:
        """Ends the lease for the next one, if it still holds."""
        await _told(_RELEASE(self._valkey, self._names(lease.key), [lease.token]))

    async def claim(self, key: str, ttl: float) -> Lease:
        """Deletes the value and takes the lease from whoever has it, in one step."""
        lease = Lease(key, secrets.token_hex(8))
        await _told(_CLAIM(self._valkey, self._names(key), [lease.token, _milliseconds(ttl)]))
        return lease

    async def delete(self, key: str) -> None:
        """Deletes the value, and ends the lease of whoever has it, in one step."""
        await _told(_DELETE(self._valkey, self._names(key)))

    def watch(self, watcher: Watcher) -> AbstractAsyncContextManager[None]:
        """Tells `watcher` of changes, on a connection of its own."""
        return watch(self._url, self._values, _Unprefixed(watcher, len(self._values)))

    def _names(self, key: str) -> tuple[str, str]:
        # The braces put both into one slot of a cluster.
        return f"{self._values}{key}}}", f"{self._leases}{key}}}"


class _Unprefixed:
    """Tells the keys as the cache knows them."""

    def __init__(self, watcher: Watcher, length: int) -> None:
        self._watcher, self._length = watcher, length
        self.all_changed, self.sighted, self.blind = watcher.all_changed, watcher.sighted, watcher.blind

    def changed(self, keys: Sequence[str]) -> None:
        self._watcher.changed([key[self._length : -1] for key in keys])


@asynccontextmanager
async def open_valkey_store(
    url: str, prefix: str, *, max_connections: int = 16, timeout_seconds: float = 0.1
) -> AsyncIterator[ValkeyStore]:
    """The second level below `prefix` on the Valkey at `url`. Connects at the first call, not here."""
    async with open_valkey(url, max_connections=max_connections, timeout_seconds=timeout_seconds) as valkey:
        yield ValkeyStore(valkey, url, prefix)


async def _told(call: Awaitable[R]) -> R:
    try:
        return await call
    except ValkeyError as error:
        raise StoreUnavailable(str(error)) from error


def _milliseconds(ttl: float) -> int:
    return max(1, int(ttl * 1000))
