"""Loading a value once, however many processes miss it at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from seawall.cache import metrics
from seawall.cache.entry import Entry
from seawall.cache.errors import StoreUnavailable
from seawall.cache.load_times import LoadTimes
from seawall.cache.ports import Lease
from seawall.cache.second_level import SecondLevel

T = TypeVar("T")
Load = Callable[[], Awaitable[T | None]]
"""Asks the source for a value. None: there is no such thing."""

_FIRST_PAUSE_SECONDS = 0.005
_LONGEST_PAUSE_SECONDS = 0.05


class Origin(Enum):
    """How an entry was come by, and so who else knows it."""

    READ = "read"
    """From the second level."""
    FILLED = "filled"
    """Loaded, and stored in the second level."""
    OVERTAKEN = "overtaken"
    """Loaded, and out of date: the key changed meanwhile."""
    ALONE = "alone"
    """Loaded; the second level knows nothing of it."""


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
    """An entry and its origin."""

    entry: Entry[T]
    origin: Origin


class Loading(Generic[T]):
    """Loads under a lease of the second level; without one it waits for who has it, but not for ever."""

    def __init__(
        self, name: str, second: SecondLevel[T], clock: Callable[[], float], load_timeout_seconds: float
    ) -> None:
        self._second, self._clock = second, clock
        self._timeout_seconds = load_timeout_seconds
        self._times = LoadTimes()
        self._seconds = metrics.LOAD_SECONDS.labels(name)

    def lease_seconds(self) -> float:
        """How long a lease holds: twice the 99th percentile of the loads."""
        return self._times.lease_seconds()

    async def load(self, key: str, load: Load[T]) -> Loaded[T]:
        """Loads, or waits for another process to. Raises what `load` raises, or TimeoutError.

        After the time of a lease nobody is waited for any more.
        """
        seconds = self.lease_seconds()
        give_up_at = self._clock() + seconds
        pause_seconds = _FIRST_PAUSE_SECONDS
        try:
            while (lease := await self._second.lease(key, seconds)) is None and self._clock() < give_up_at:
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)
                entry = await self._second.read(key)
                if entry is not None and self._second.is_fresh(entry):
                    return Loaded(entry, Origin.READ)
        except StoreUnavailable:
            lease = None
        if lease is None:
            return Loaded(await self._ask(load), Origin.ALONE)
        return await self._load_under(lease, load, float("-inf"))

    async def refresh(self, entry: Entry[T], key: str, load: Load[T]) -> None:
        """Loads, unless another process does or has done. Raises what `load` raises, or StoreUnavailable."""
        lease = await self._second.lease(key, self.lease_seconds())
        if lease is not None:
            await self._load_under(lease, load, entry.fresh_until)

    async def _load_under(self, lease: Lease, load: Load[T], known_until: float) -> Loaded[T]:
        entry = await self._just_filled(lease, known_until)
        return await self._fill(lease, load) if entry is None else Loaded(entry, Origin.READ)

    async def _just_filled(self, lease: Lease, known_until: float) -> Entry[T] | None:
        # Who had the lease before us may have filled the key after we had read it.
        with suppress(StoreUnavailable):
            entry = await self._second.read(lease.key)
            if entry is not None and self._second.is_fresh(entry) and entry.fresh_until > known_until:
                await self._second.release(lease)
                return entry
        return None

    async def _fill(self, lease: Lease, load: Load[T]) -> Loaded[T]:
        try:
            entry = await self._ask(load)
        except Exception:
            with suppress(StoreUnavailable):
                await self._second.release(lease)
            raise
        try:
            filled = await self._second.fill(lease, entry)
        except StoreUnavailable:
            return Loaded(entry, Origin.ALONE)
        return Loaded(entry, Origin.FILLED if filled else Origin.OVERTAKEN)

    async def _ask(self, load: Load[T]) -> Entry[T]:
        started_at = self._clock()
        async with asyncio.timeout(self._timeout_seconds):
            value = await load()
        seconds = self._clock() - started_at
        self._times.add(seconds)
        self._seconds.observe(seconds)
        return self._second.entry(value, seconds)
