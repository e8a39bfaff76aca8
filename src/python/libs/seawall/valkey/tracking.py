"""Push invalidation: the server tells which keys changed, on a connection that does nothing else.

Source: https://valkey.io/topics/client-side-caching, broadcasting mode.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NoReturn, Protocol

from redis.asyncio.connection import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from seawall.tasks import end

_PAUSE_SECONDS = 0.2


class Watcher(Protocol):
    """Who is told. Its methods must not raise: redis-py swallows what its handlers raise."""

    def changed(self, keys: Sequence[str]) -> None:
        """These keys were written, deleted, evicted, or have lapsed."""

    def all_changed(self) -> None:
        """The server was emptied."""

    def sighted(self) -> None:
        """From now on every change is told. What happened before may not have been."""

    def blind(self) -> None:
        """From now on changes may go untold."""


@asynccontextmanager
async def watch(
    url: str, prefix: str, watcher: Watcher, *, ping_seconds: float = 1.0, timeout_seconds: float = 1.0
) -> AsyncIterator[None]:
    """Tells `watcher` of every change of the keys that begin with `prefix`, while the block runs.

    Connects in the background, again and again. A connection that answers no PING within
    `timeout_seconds` is given up; one is sent every `ping_seconds`. Own writes are told as well.
    """
    tracking = _Tracking(url, prefix, watcher, ping_seconds, timeout_seconds)
    task = asyncio.create_task(tracking.run(), name=f"tracking {prefix}")
    try:
        yield
    finally:
        await end(task)


class _Tracking:
    def __init__(
        self, url: str, prefix: str, watcher: Watcher, ping_seconds: float, timeout_seconds: float
    ) -> None:
        # Only to make connections: the pool never holds one.
        self._pool = ConnectionPool.from_url(
            url,
            protocol=3,
            decode_responses=True,
            encoding_errors="replace",
            socket_timeout=ping_seconds + timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
            client_name="seawall-tracking",
        )
        self._prefix, self._watcher, self._ping_seconds = prefix, watcher, ping_seconds

    async def run(self) -> NoReturn:
        while True:
            connection: Any = self._pool.make_connection()  # type: ignore[no-untyped-call]
            try:
                await self._follow(connection)
            except (RedisError, OSError):
                await asyncio.sleep(_PAUSE_SECONDS * (0.5 + random.random()))
            finally:
                await connection.disconnect(nowait=True)

    async def _follow(self, connection: Any) -> None:
        await connection.connect()
        # redis-py offers no public way to the pushes of a single connection; its own PubSub goes this one.
        connection._parser.set_invalidation_push_handler(self._on_push)
        await connection.send_command("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", self._prefix)
        await connection.read_response()
        self._watcher.sighted()
        pings = asyncio.create_task(self._ping(connection))
        try:
            while True:
                await connection.read_response(push_request=True)
        finally:
            self._watcher.blind()
            await end(pings)

    async def _ping(self, connection: Any) -> None:
        while True:
            await asyncio.sleep(self._ping_seconds)
            await connection.send_command("PING")

    async def _on_push(self, push: Sequence[Any]) -> None:
        keys = push[1]
        if keys is None:
            self._watcher.all_changed()
        else:
            self._watcher.changed(keys)
