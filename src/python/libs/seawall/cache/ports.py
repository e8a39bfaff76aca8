"""What the cache needs of its second level."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to fill a key, until its time is over or the key is written or deleted.

    Source: Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013, section 3.2.1.
    """

    key: str
    token: str


@dataclass(frozen=True, slots=True)
class Features:
    """What an adapter promises beyond the contract."""

    tells_changes: bool
    """Watchers hear of every change; otherwise they are never sighted."""


class Watcher(Protocol):
    """Who is told of changes. Own changes are told as well."""

    def changed(self, keys: Sequence[str]) -> None:
        """These keys changed."""

    def all_changed(self) -> None:
        """All keys changed."""

    def sighted(self) -> None:
        """From now on every change is told. What happened before may not have been."""

    def blind(self) -> None:
        """From now on changes may go untold."""


class SharedStore(Protocol):
    """Bytes by key, shared by processes. A call answers or raises StoreUnavailable; a `ttl` is in seconds.

    Of all that would fill a key one has the lease, and whatever happens to the key ends it: a value that
    was read before a delete is never stored after it.
    """

    features: Features

    async def read(self, key: str) -> bytes | None:
        """The value, or None."""

    async def lease(self, key: str, ttl: float) -> Lease | None:
        """The right to fill the key, which keeps the value that it has. None: another one has it."""

    async def fill(self, lease: Lease, value: bytes, ttl: float) -> bool:
        """Stores the value and ends the lease. False, and nothing is stored, where it has ended before."""

    async def release(self, lease: Lease) -> None:
        """Ends the lease for the next one, if it still holds."""

    async def claim(self, key: str, ttl: float) -> Lease:
        """Deletes the value and takes the lease from whoever has it."""

    async def delete(self, key: str) -> None:
        """Deletes the value, and ends the lease of whoever has it."""

    def watch(self, watcher: Watcher) -> AbstractAsyncContextManager[None]:
        """Tells `watcher` of changes while the block runs. It begins blind."""
