"""A bare HTTP/1.1 client for the load: keep-alive connections, ready-made requests, callbacks.

The load shares the cores with the shop, so a request must cost little: no task, no header objects.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from tools.rehearsal.http_answer import parse

# Called with the status and the body; status 0: no answer, and the body says why in a few words.
Done = Callable[[int, bytes], None]
REFUSED, LOST, LATE = b"no connection", b"connection lost", b"no answer in time"


class Connection(asyncio.Protocol):
    """One connection with at most one request under way."""

    def __init__(
        self, released: Callable[["Connection"], None], lost: Callable[["Connection"], None]
    ) -> None:
        self._released = released
        self._lost = lost
        self._buffer = bytearray()
        self._done: Done | None = None
        self._transport: asyncio.Transport | None = None
        self.deadline = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)

    def send(self, request: bytes, done: Done, deadline: float) -> None:
        """Writes a whole request; `done` is called once."""
        self._done, self.deadline = done, deadline
        if self._transport is None:
            self._finish(0, LOST)
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answer = parse(self._buffer)
        if answer is None:
            return
        status, body, keeps_alive = answer
        self._buffer.clear()
        self._finish(status, body)
        if keeps_alive:
            self._released(self)
        else:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._finish(0, LOST)
        self._lost(self)

    def abort(self, why: bytes = LOST) -> None:
        """Ends the connection at once; a request under way gets status 0."""
        self._finish(0, why)
        if self._transport is not None:
            self._transport.abort()

    def _finish(self, status: int, body: bytes) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(status, body)


class HttpPool:
    """Sends requests over up to `max_connections`; up to `max_waiting` more wait for one."""

    def __init__(
        self, host: str, port: int, *, max_connections: int, max_waiting: int, timeout_seconds: float
    ) -> None:
        self._address = (host, port)
        self._max_connections = max_connections
        self._max_waiting = max_waiting
        self._timeout_seconds = timeout_seconds
        self._loop = asyncio.get_running_loop()
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._waiting: deque[tuple[bytes, Done, float]] = deque()

    @property
    def in_flight(self) -> int:
        """Requests that were sent or wait for a connection."""
        return len(self._open) - len(self._idle) + len(self._waiting)

    def submit(self, request: bytes, done: Done) -> bool:
        """Sends, or queues; False where both bounds are reached: then `done` is never called."""
        deadline = self._loop.time() + self._timeout_seconds
        if self._idle:
            self._idle.pop().send(request, done, deadline)
            return True
        if len(self._waiting) >= self._max_waiting:
            return False
        self._waiting.append((request, done, deadline))
        self._grow()
        return True

    def expire(self) -> None:
        """Gives up what is past its deadline; to be called every second or so."""
        now = self._loop.time()
        for connection in [c for c in self._open.difference(self._idle) if c.deadline < now]:
            connection.abort(LATE)
        while self._waiting and self._waiting[0][2] < now:
            self._waiting.popleft()[1](0, LATE)

    def close(self) -> None:
        """Drops all connections; requests under way get status 0."""
        self._max_connections = 0
        for task in self._opening:
            task.cancel()
        while self._waiting:
            self._waiting.popleft()[1](0, LOST)
        for connection in list(self._open):
            connection.abort()

    def _grow(self) -> None:
        if len(self._waiting) > len(self._opening) < self._max_connections - len(self._open):
            task = self._loop.create_task(self._connect())
            self._opening.add(task)
            task.add_done_callback(self._connected)

    def _connected(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        self._grow()

    async def _connect(self) -> None:
        try:
            _, connection = await self._loop.create_connection(
                lambda: Connection(self._released, self._lost), *self._address
            )
        except OSError:
            if self._waiting:
                self._waiting.popleft()[1](0, REFUSED)
            return
        self._open.add(connection)
        self._released(connection)

    def _released(self, connection: Connection) -> None:
        if self._waiting:
            connection.send(*self._waiting.popleft())
        else:
            self._idle.append(connection)

    def _lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._grow()
