"""A wire to a real server that a test can break, and mend."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from enum import Enum
from typing import Self

SLOW_SECONDS = 5.0
_HOST = "127.0.0.1"
_CHUNK_BYTES = 65_536


class Fault(Enum):
    """What is wrong with the wire. Where connections are ended, those that are open are as well."""

    NONE = "none"
    SLOW = "slow"
    """Each piece of a reply comes `slow_seconds` late."""
    REFUSING = "refusing"
    """Whoever connects is sent away at once."""
    DROPPING = "dropping"
    """Connections stay open, and bytes are lost; mended, those connections are ended."""
    GONE = "gone"
    """Nobody listens."""


class Cable:
    """Leads from a port of its own on 127.0.0.1 to `host:port`, byte by byte.

    Used as a context: `async with Cable(host, port) as cable: connect_to(cable.port)`.
    """

    def __init__(self, host: str, port: int, *, slow_seconds: float = SLOW_SECONDS) -> None:
        self._upstream = (host, port)
        self._slow_seconds = slow_seconds
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self.port = 0
        self.fault = Fault.NONE
        self.accepted = 0

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.set(Fault.GONE)

    async def set(self, fault: Fault) -> None:
        """Breaks the wire so, or mends it with NONE."""
        was, self.fault = self.fault, fault
        if fault in {Fault.REFUSING, Fault.GONE} or was is Fault.DROPPING:
            await self._end_connections()
        if fault is Fault.GONE and self._server is not None:
            self._server.close()
            self._server = None
        elif fault is not Fault.GONE and self._server is None:
            await self._listen()

    @contextlib.asynccontextmanager
    async def broken(self, fault: Fault) -> AsyncIterator[None]:
        """Broken for the length of a block."""
        await self.set(fault)
        try:
            yield
        finally:
            await self.set(Fault.NONE)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, _HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        self._connections[task] = [writer]
        try:
            if self.fault is Fault.REFUSING:
                return
            upstream_reader, upstream_writer = await asyncio.open_connection(*self._upstream)
            self._connections[task].append(upstream_writer)
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, upstream_writer))
                pumps.create_task(self._pump(upstream_reader, writer, is_reply=True))
        except* OSError:
            pass
        finally:
            for end in self._connections.pop(task):
                end.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_reply: bool = False
    ) -> None:
        while data := await reader.read(_CHUNK_BYTES):
            if is_reply and self.fault is Fault.SLOW:
                await asyncio.sleep(self._slow_seconds)
            if self.fault is not Fault.DROPPING:
                writer.write(data)
                await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    async def _end_connections(self) -> None:
        tasks = list(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
