"""Single flight: who asks for what is already being fetched waits for that.

Source: Go, golang.org/x/sync/singleflight.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from seawall.resilience import before_deadline, start_detached
from seawall.tasks import end

T = TypeVar("T")


class StillUnderWay(Exception):
    """The fetch goes on, and who asked would rather not wait."""


class Flights(Generic[T]):
    """At most one attached fetch for a key.

    A fetch belongs to none of its callers: it goes on when they are cancelled or their deadlines pass.
    """

    def __init__(self) -> None:
        self._attached: dict[str, asyncio.Task[T]] = {}
        self._all: set[asyncio.Task[T]] = set()

    async def join(self, key: str, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What the fetch that is under way gives or raises; without one, that of `start()`."""
        task = self._attached.get(key) or self._launch(key, start())
        return await before_deadline(asyncio.shield(task))

    async def join_for(self, seconds: float, key: str, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The same for a caller with little patience. Raises StillUnderWay after the seconds."""
        task = self._attached.get(key) or self._launch(key, start())
        done, _ = await before_deadline(asyncio.wait((task,), timeout=seconds))
        if not done:
            raise StillUnderWay(key)
        return task.result()

    def launch_alone(self, key: str, start: Callable[[], Coroutine[Any, Any, T]]) -> None:
        """Starts a fetch that nobody waits for, unless one is under way."""
        if key not in self._attached:
            self._launch(key, start())

    def is_attached(self, key: str) -> bool:
        """Asked by a fetch: whether nothing has overtaken it."""
        return self._attached.get(key) is asyncio.current_task()

    def is_under_way(self, key: str) -> bool:
        """Whether who asks now would wait for a fetch that has begun."""
        return key in self._attached

    def detach(self, key: str) -> None:
        """Whoever asks from now on gets a new fetch."""
        self._attached.pop(key, None)

    def detach_all(self) -> None:
        """The same for all keys."""
        self._attached.clear()

    async def close(self) -> None:
        """Ends what is under way."""
        await end(*self._all)

    def _launch(self, key: str, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = start_detached(work, name=f"fetch {key}")
        self._attached[key] = task
        self._all.add(task)
        task.add_done_callback(lambda done: self._land(key, done))
        return task

    def _land(self, key: str, task: "asyncio.Task[T]") -> None:
        self._all.discard(task)
        if self._attached.get(key) is task:
            del self._attached[key]
        if not task.cancelled():
            task.exception()  # read, so that asyncio does not report it when nobody waited
