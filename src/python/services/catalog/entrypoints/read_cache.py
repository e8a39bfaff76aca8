"""Answers kept encoded for a moment, so that a crowd on one page costs one query a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec

from seawall.resilience import before_deadline, start_detached


@dataclass(frozen=True, slots=True)
class Encoded:
    """A JSON body and its strong entity tag."""

    body: bytes
    etag: str


def encode(value: Any) -> Encoded:
    """The value as JSON, tagged by its content."""
    body = msgspec.json.encode(value)
    return Encoded(body, blake2b(body, digest_size=12).hexdigest())


class ReadCache:
    """Encoded answers by key, each at most `fresh_seconds` old and at most `max_entries` of them.

    Concurrent misses of a key share one load, which goes on when the first that asked gives up.
    A failed load is not kept. After `forget()` nothing that was read before it is given out.
    """

    def __init__(
        self,
        *,
        fresh_seconds: float = 1.0,
        max_entries: int = 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fresh_seconds = fresh_seconds
        self._max_entries = max_entries
        self._clock = clock
        self._entries: dict[object, tuple[float, Encoded]] = {}
        self._loads: dict[object, asyncio.Task[Encoded]] = {}

    async def get(self, key: object, load: Callable[[], Awaitable[Any]]) -> Encoded:
        """The encoded answer for the key; raises what `load` raises."""
        entry = self._entries.get(key)
        if entry is not None and self._clock() < entry[0]:
            return entry[1]
        task = self._loads.get(key)
        if task is None:
            task = start_detached(self._load(key, load))
            self._loads[key] = task
            task.add_done_callback(lambda done: self._finish(key, done))
        return await before_deadline(asyncio.shield(task))

    def forget(self) -> None:
        """Drops all answers, and those of loads that are under way."""
        self._entries.clear()
        self._loads.clear()

    async def _load(self, key: object, load: Callable[[], Awaitable[Any]]) -> Encoded:
        encoded = encode(await load())
        if self._loads.get(key) is asyncio.current_task():
            self._keep(key, encoded)
        return encoded

    def _keep(self, key: object, encoded: Encoded) -> None:
        self._entries.pop(key, None)
        if len(self._entries) >= self._max_entries:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (self._clock() + self._fresh_seconds, encoded)

    def _finish(self, key: object, task: asyncio.Task[Encoded]) -> None:
        if self._loads.get(key) is task:
            del self._loads[key]
        if not task.cancelled():
            task.exception()  # read, so that asyncio does not report it when nobody waited
