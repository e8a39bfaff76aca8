"""The client: redis-py on asyncio with its retries off and its waits bounded."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from prometheus_client import Counter, Histogram
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.client import NEVER_DECODE
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.maint_notifications import MaintNotificationsConfig

from seawall.valkey.connection_permits import ConnectionPermits
from seawall.valkey.errors import CommandFailed, ValkeyUnavailable

Value = str | int | float | bytes

_SECONDS = Histogram(
    "seawall_valkey_seconds",
    "Duration of a call of Valkey, including the wait for a connection",
    ["command"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
)
_UNAVAILABLE = Counter("seawall_valkey_unavailable_total", "Calls of Valkey that got no usable answer")


class Watch(Protocol):
    """Who leaves a server alone that is away, as `seawall.resilience.ServerWatch` does."""

    def check(self) -> None:
        """Raises where no call should be made."""

    def heard(self) -> None:
        """The server has answered."""

    def doubt(self) -> None:
        """The server has not answered."""

    async def close(self) -> None:
        """Ends what goes on in the background."""


Watched = Callable[[Callable[[], Awaitable[None]]], Watch]
"""Makes a watch of a probe, which raises unless the server answers."""


class Valkey:
    """Commands on one server. Text out (UTF-8) unless asked otherwise. A call raises ValkeyError or answers.

    A call is sent at most once: after ValkeyUnavailable a write may or may not have been done.
    A cancelled call drops its connection, so that a late reply never answers another call.
    """

    def __init__(self, redis: Redis, max_connections: int, watched: Watched | None = None) -> None:
        self._redis = redis
        self._watch = watched(self._probe) if watched is not None else None
        self._permits = ConnectionPermits(max_connections)

    async def execute(self, command: str, *arguments: Value, decode: bool = True) -> Any:
        """Sends any command, and returns the server's reply as redis-py presents it.

        Without `decode` the strings of the reply are bytes.
        """
        if self._watch is not None:
            self._check(command, self._watch)
        started_at = time.perf_counter()
        options = {} if decode else {NEVER_DECODE: True}
        try:
            await self._permits.take()
            try:
                reply = await self._redis.execute_command(command, *arguments, **options)  # type: ignore[no-untyped-call]
            finally:
                self._permits.give_back()
        except (RedisConnectionError, RedisTimeoutError, ReadOnlyError, OSError) as error:
            _UNAVAILABLE.inc()
            if self._watch is not None:
                self._watch.doubt()
            raise ValkeyUnavailable(f"{command}: {error}") from error
        except RedisError as error:
            raise CommandFailed(f"{command}: {error}") from error
        finally:
            _SECONDS.labels(command).observe(time.perf_counter() - started_at)
        if self._watch is not None:
            self._watch.heard()
        return reply

    @staticmethod
    def _check(command: str, watch: Watch) -> None:
        try:
            watch.check()
        except Exception as error:
            raise ValkeyUnavailable(f"{command}: {error}") from error

    async def _probe(self) -> None:
        connection: Any = self._redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            await connection.connect()
            await connection.send_command("PING")
            await connection.read_response()
        finally:
            await connection.disconnect(nowait=True)

    async def close(self) -> None:
        """Ends the watch, if there is one."""
        self._permits.close()
        if self._watch is not None:
            await self._watch.close()

    async def ping(self) -> None:
        """Returns when the server answers."""
        await self.execute("PING")

    async def get(self, key: str) -> str | None:
        """The value of a key, or None."""
        value: str | None = await self.execute("GET", key)
        return value

    async def get_bytes(self, key: str) -> bytes | None:
        """The value of a key as it is, or None."""
        value: bytes | None = await self.execute("GET", key, decode=False)
        return value

    async def set(
        self, key: str, value: Value, *, ttl_seconds: float | None = None, only_if_absent: bool = False
    ) -> bool:
        """Sets a key. False if `only_if_absent` and the key exists."""
        options: list[Value] = ["PX", max(1, int(ttl_seconds * 1000))] if ttl_seconds is not None else []
        reply = await self.execute("SET", key, value, *options, *(["NX"] if only_if_absent else []))
        return bool(reply)

    async def delete(self, *keys: str) -> int:
        """Deletes keys, and returns how many there were."""
        return int(await self.execute("DEL", *keys)) if keys else 0

    async def exists(self, *keys: str) -> int:
        """How many of the keys exist."""
        return int(await self.execute("EXISTS", *keys)) if keys else 0

    async def expire(self, key: str, ttl_seconds: float) -> bool:
        """Lets a key lapse after a time (to the millisecond). False if there is no such key."""
        return bool(await self.execute("PEXPIRE", key, max(1, int(ttl_seconds * 1000))))

    async def hget(self, key: str, field: str) -> str | None:
        """One field of a hash, or None."""
        value: str | None = await self.execute("HGET", key, field)
        return value

    async def hmget(self, key: str, *fields: str) -> list[str | None]:
        """Fields of a hash in the order asked for; None where there is none."""
        return list(await self.execute("HMGET", key, *fields)) if fields else []

    async def hgetall(self, key: str) -> dict[str, str]:
        """A whole hash; empty if there is no such key."""
        return dict(await self.execute("HGETALL", key))

    async def hset(self, key: str, fields: Mapping[str, Value]) -> int:
        """Sets fields of a hash, and returns how many are new."""
        pairs = [part for pair in fields.items() for part in pair]
        return int(await self.execute("HSET", key, *pairs)) if pairs else 0

    async def hdel(self, key: str, *fields: str) -> int:
        """Removes fields of a hash, and returns how many there were."""
        return int(await self.execute("HDEL", key, *fields)) if fields else 0

    async def hincrby(self, key: str, field: str, by: int) -> int:
        """Adds to a field of a hash, and returns the sum."""
        return int(await self.execute("HINCRBY", key, field, by))


@asynccontextmanager
async def open_valkey(
    url: str, *, max_connections: int = 8, timeout_seconds: float = 1.0, watched: Watched | None = None
) -> AsyncIterator[Valkey]:
    """A client for `redis://[user:password@]host:port/db`, by TLS `rediss://`. Connects at the first call.

    `timeout_seconds` bounds connecting and each reply. A call waits at most 0.1 s for one of
    `max_connections`, then raises ValkeyUnavailable; while a watch leaves the server alone, at once.
    """
    pool = ConnectionPool.from_url(
        url,
        max_connections=max_connections,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        # redis-py's default is ten attempts: an INCR whose reply is lost would be counted eleven times.
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
        # Where these are on (redis-py's default), the pool hands out connections that the server has closed.
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
        client_name="seawall",
    )
    redis = Redis.from_pool(pool)
    valkey = Valkey(redis, max_connections, watched)
    try:
        yield valkey
    finally:
        await valkey.close()
        await redis.aclose()
