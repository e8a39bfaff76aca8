"""The cache of two levels: one in the process, one that all processes share."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from random import random as system_random
from typing import Generic, TypeVar

from seawall.cache import metrics
from seawall.cache.codec import Codec
from seawall.cache.entry import Entry
from seawall.cache.errors import StoreUnavailable
from seawall.cache.first_level import FirstLevel, Held
from seawall.cache.flights import Flights, StillUnderWay
from seawall.cache.guarded_store import GuardedStore
from seawall.cache.loading import Load, Loaded, Loading, Origin
from seawall.cache.policy import CachePolicy, early_seconds
from seawall.cache.ports import SharedStore
from seawall.cache.second_level import SecondLevel
from seawall.cache.weight import deep_size

T = TypeVar("T")


class TieredCache(Generic[T]):
    """Values by key, from the process, else from the second level, else from their source.

    Values are shared by all who ask for them: do not change them. Keys are text. A second level that is
    away costs hits, never an answer.
    """

    def __init__(
        self,
        name: str,
        store: SharedStore,
        codec: Codec[T],
        policy: CachePolicy | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        random: Callable[[], float] = system_random,
        weigh: Callable[[T | None], int] = deep_size,
    ) -> None:
        self.name = name
        self._policy = policy or CachePolicy()
        self._clock, self._wall_clock, self._random = clock, wall_clock, random
        self._first: FirstLevel[T] = FirstLevel(self._policy, clock, wall_clock, weigh)
        self._look_up = self._first.table.get
        guarded = GuardedStore(store, clock)
        self._second = SecondLevel(name, guarded, codec, self._policy, wall_clock, random)
        self._loading = Loading(name, self._second, clock, self._policy.load_timeout_seconds)
        self._fetches: Flights[T | None] = Flights()
        self._refreshes: Flights[None] = Flights()

    @property
    def is_sighted(self) -> bool:
        """Whether every change is told."""
        return self._first.is_sighted

    @property
    def first_level(self) -> metrics.Table:
        """What the process holds, for metrics."""
        return self._first.table

    def is_fetching(self, key: str) -> bool:
        """Whether who misses the key now would share a fetch that is under way."""
        return self._fetches.is_under_way(key)

    async def get(self, key: str, load: Load[T]) -> T | None:
        """The value; None if there is no such thing. Cache-aside: a miss asks `load`, once for all who ask.

        Who has waited for the policy's patience gets a stale value, where there is one; the load goes on.
        Raises what `load` raises, or TimeoutError when it takes too long, where no stale value is at
        hand; neither is remembered. Raises DeadlineExceeded at the caller's deadline; the load goes on.
        """
        held = self._look_up(key)
        if held is not None and self._clock() < held.until:
            return held.value
        try:
            return await self._fetches.join_for(
                self._policy.patience_seconds, key, lambda: self._fetch(key, load, held)
            )
        except StillUnderWay:
            stale = self._stale(None, self._look_up(key))
            if stale is None:
                return await self._fetches.join(key, lambda: self._fetch(key, load, held))
        self._count("stale")
        self._first.keep(key, stale, self._policy.l1_blind_ttl_seconds)
        return stale.value

    async def write(self, key: str, value: T, save: Callable[[], Awaitable[object]]) -> bool:
        """Write-through: saves the value in its source, then here. Raises what `save` raises.

        True: no process gets an older value from the second level from now on. False: the second level
        was away, and may give one until its time is over.
        """
        self._forget(key)
        try:
            lease = await self._second.claim(key, self._loading.lease_seconds())
        except StoreUnavailable:
            await save()
            return await self.delete(key)
        try:
            await save()
        except Exception:
            with suppress(StoreUnavailable):
                await self._second.release(lease)
            raise
        try:
            filled = await self._second.fill(lease, self._second.entry(value, 0.0))
        except StoreUnavailable:
            filled = False
        # Where another one has written meanwhile, nobody here knows whose value the source kept.
        return await self.delete(key) if not filled else self._forget(key)

    async def delete(self, key: str) -> bool:
        """Forgets the key everywhere; what is being loaded is not stored. To follow a change of the source.

        False: the second level was away, and may give the old value until its time is over.
        """
        self._forget(key)
        try:
            await self._second.delete(key)
        except StoreUnavailable:
            return False
        return self._forget(key)  # also what was read between

    def changed(self, keys: Sequence[str]) -> None:
        """Of the second level: these keys changed. A read that is under way may have come too early."""
        for key in keys:
            self._forget(key)

    def all_changed(self) -> None:
        """Of the second level: everything changed."""
        self._first.table.clear()
        self._fetches.detach_all()

    def sighted(self) -> None:
        """Of the second level: from now on every change is told."""
        self._first.is_sighted = True
        self.all_changed()

    def blind(self) -> None:
        """Of the second level: from now on changes may go untold."""
        self._first.is_sighted = False
        self.all_changed()

    async def close(self) -> None:
        """Ends what is under way."""
        await self._fetches.close()
        await self._refreshes.close()

    def _forget(self, key: str) -> bool:
        self._first.table.discard(key)
        self._fetches.detach(key)
        return True

    async def _fetch(self, key: str, load: Load[T], held: Held[T] | None) -> T | None:
        entry = await self._read(key)
        if entry is not None and self._second.is_fresh(entry):
            self._count("read")
            self._keep_read(key, entry, load)
            return entry.value
        if entry is not None:
            self._keep(key, entry, 0.0)  # for those who lose patience
        try:
            loaded = await self._loading.load(key, load)
        except Exception:
            stale = self._stale(entry, held)
            if stale is None:
                self._count("failed")
                raise
            self._count("stale")
            self._keep(key, stale, self._policy.l1_blind_ttl_seconds)  # the source is left alone so long
            return stale.value
        self._count("loaded")
        self._keep_loaded(key, loaded, load)
        return loaded.entry.value

    async def _read(self, key: str) -> Entry[T] | None:
        try:
            return await self._second.read(key)
        except StoreUnavailable:
            return None

    def _keep_read(self, key: str, entry: Entry[T], load: Load[T]) -> None:
        fresh_seconds = entry.fresh_until - self._wall_clock()
        early = early_seconds(entry.load_seconds, self._policy.early_beta, self._random)
        if fresh_seconds > early:
            self._keep(key, entry, fresh_seconds - early)
            return
        self._refreshes.launch_alone(key, lambda: self._refresh(entry, key, load))
        self._keep(key, entry, min(fresh_seconds, self._policy.l1_blind_ttl_seconds))

    def _keep_loaded(self, key: str, loaded: Loaded[T], load: Load[T]) -> None:
        match loaded.origin:
            case Origin.READ:
                self._keep_read(key, loaded.entry, load)
            case Origin.FILLED if self.is_sighted:
                pass  # we are told of our own change as well, and would drop it
            case Origin.FILLED | Origin.ALONE:
                fresh_seconds = loaded.entry.fresh_until - self._wall_clock()
                self._keep(key, loaded.entry, min(fresh_seconds, self._policy.l1_blind_ttl_seconds))
            case Origin.OVERTAKEN:
                pass

    def _keep(self, key: str, entry: Entry[T], seconds: float) -> None:
        if self._fetches.is_attached(key):
            self._first.keep(key, entry, seconds)

    async def _refresh(self, entry: Entry[T], key: str, load: Load[T]) -> None:
        metrics.EARLY_REFRESHES.labels(self.name).inc()
        await self._loading.refresh(entry, key, load)
        self._first.table.discard(key)

    def _stale(self, entry: Entry[T] | None, held: Held[T] | None) -> Entry[T] | None:
        now = self._wall_clock()
        if entry is not None:
            return entry if now < entry.stale_until else None
        left = held.stale_until - self._clock() if held is not None else 0.0
        return Entry(held.value, now, now + left, 0.0) if held is not None and left > 0 else None

    def _count(self, outcome: str) -> None:
        metrics.FETCHES.labels(self.name, outcome).inc()


@asynccontextmanager
async def open_cache(
    name: str,
    store: SharedStore,
    codec: Codec[T],
    policy: CachePolicy | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
    wall_clock: Callable[[], float] = time.time,
    random: Callable[[], float] = system_random,
    weigh: Callable[[T | None], int] = deep_size,
) -> AsyncIterator[TieredCache[T]]:
    """A cache that is told of changes while the block runs. `name` labels its metrics.

    It does not wait for the second level; until it hears of that it holds values for a short time only.
    """
    cache = TieredCache(
        name, store, codec, policy, clock=clock, wall_clock=wall_clock, random=random, weigh=weigh
    )
    metrics.FIRST_LEVELS.add(cache)
    try:
        async with store.watch(cache):
            yield cache
    finally:
        await cache.close()
        metrics.FIRST_LEVELS.remove(cache)
