"""aiomcache, guarded: every wait is bounded, and a connection left in mid-answer is not used again."""

import asyncio
from collections.abc import Awaitable
from typing import Any, NamedTuple, TypeVar

from seawall.cache.errors import StoreUnavailable
from seawall.extras import extra

with extra("memcached"):
    import aiomcache
    from aiomcache.exceptions import ClientException
    from aiomcache.pool import Connection

R = TypeVar("R")


class Item(NamedTuple):
    """What is stored, and the number that changes with every change of it."""

    data: bytes
    cas: int


class MemcachedClient:
    """The commands that the store needs. Each answers or raises StoreUnavailable; times are whole seconds."""

    def __init__(self, address: str, *, max_connections: int, timeout_seconds: float) -> None:
        host, _, port = address.rpartition(":")
        self._client = _Guarded(host, int(port), pool_size=max_connections, pool_minsize=1)
        self._timeout_seconds = timeout_seconds

    async def gets(self, key: bytes) -> Item | None:
        """The item, or None."""
        data, cas = await self._told(self._client.gets(key))
        return None if data is None or cas is None else Item(data, cas)

    async def set(self, key: bytes, data: bytes, seconds: int) -> None:
        """Stores an item."""
        await self._told(self._client.set(key, data, seconds))

    async def add(self, key: bytes, data: bytes, seconds: int) -> bool:
        """Stores an item where there is none. False: there is one."""
        return await self._told(self._client.add(key, data, seconds))

    async def cas(self, key: bytes, data: bytes, cas: int, seconds: int) -> bool:
        """Stores an item where the number is still the same. False: it is not, or there is none."""
        return await self._told(self._client.cas(key, data, cas, seconds))

    async def delete(self, key: bytes) -> None:
        """Deletes an item."""
        await self._told(self._client.delete(key))

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()

    async def _told(self, call: Awaitable[R]) -> R:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await call
        except (ClientException, OSError, EOFError, ValueError) as error:  # TimeoutError is an OSError
            raise StoreUnavailable(f"memcached: {error!r}") from error


class _Guarded(aiomcache.Client):
    """aiomcache 0.8.2 puts the connection of a cancelled call back, so that its late answer answers the next
    call; and where the server hangs up in mid-answer it reads the end of file for ever, without yielding.
    """

    async def _execute_simple_command(self, conn: Connection, raw_command: bytes) -> bytes:
        try:
            conn.writer.write(raw_command)
            await conn.writer.drain()
            return (await conn.reader.readuntil(b"\r\n"))[:-2]
        except BaseException as error:
            _spoil(conn, error)
            raise

    async def _multi_get(self, conn: Connection, *keys: bytes, **options: Any) -> Any:
        try:
            return await super()._multi_get(conn, *keys, **options)
        except BaseException as error:
            _spoil(conn, error)
            raise


def _spoil(connection: Connection, error: BaseException) -> None:
    # The pool closes a connection whose reader has failed.
    connection.reader.set_exception(error if isinstance(error, Exception) else ConnectionError("abandoned"))
