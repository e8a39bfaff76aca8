"""Server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from aiohttp import web

from seawall.web.health import READINESS
from seawall.web.shedding import leaves_queue

_LOOK_SECONDS = 0.5


class EventStream:
    """Writes events to one client. Raises ConnectionResetError when the client is gone."""

    def __init__(self, response: web.StreamResponse) -> None:
        self.response = response
        self._lock = asyncio.Lock()

    async def send(self, event: str, data: Any, id: str | None = None) -> None:  # noqa: A002
        """One event with its data as JSON. Waits while the client reads slowly."""
        head = f"id: {id}\n" if id is not None else ""
        await self._write(f"{head}event: {event}\ndata: {msgspec.json.encode(data).decode()}\n\n".encode())

    async def heartbeat(self) -> None:
        """A comment, so that nobody on the way takes the connection for dead."""
        await self._write(b": alive\n\n")

    async def _write(self, data: bytes) -> None:
        async with self._lock:
            await self.response.write(data)


@asynccontextmanager
async def event_stream(
    request: web.Request, *, heartbeat_seconds: float = 15.0
) -> AsyncIterator[EventStream]:
    """Opens a stream; the handler returns `stream.response` after the block.

    The block is ended from outside when the client leaves or the process drains: the client then
    connects again, to a process that stays.
    """
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    leaves_queue(request)
    stream = EventStream(response)
    with suppress(ConnectionResetError):
        try:
            async with asyncio.timeout(None) as scope:
                watcher = asyncio.create_task(_watch(request, stream, scope, heartbeat_seconds))
                try:
                    yield stream
                finally:
                    watcher.cancel()
                    await asyncio.gather(watcher, return_exceptions=True)
        except TimeoutError:
            if not scope.expired():
                raise


async def _watch(
    request: web.Request, stream: EventStream, scope: asyncio.Timeout, heartbeat_seconds: float
) -> None:
    loop = asyncio.get_running_loop()
    draining = request.app[READINESS].draining
    beat_at = loop.time() + heartbeat_seconds
    try:
        while not draining.is_set() and request.transport is not None and not request.transport.is_closing():
            if loop.time() >= beat_at:
                beat_at = loop.time() + heartbeat_seconds
                async with asyncio.timeout(heartbeat_seconds):
                    await stream.heartbeat()
            await asyncio.sleep(min(_LOOK_SECONDS, heartbeat_seconds))
    except ConnectionResetError:
        pass
    except TimeoutError:
        # It has read nothing for so long that its buffers are full: it gets no graceful end.
        if request.transport is not None:
            request.transport.abort()
    scope.reschedule(loop.time())
