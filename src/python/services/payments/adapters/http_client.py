"""A pooled HTTP/1.1 client whose call costs little: no task, no header objects, one future.

Made for calls that are many, small, and told apart by their status and body only: no redirects, cookies,
compression or proxies.
"""

import asyncio
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Self, cast
from urllib.parse import urlsplit

from services.payments.adapters.http_answer import Unreadable, parse

# Shorter than servers keep an idle connection, so that few calls meet one that is being closed.
IDLE_SECONDS = 15.0
_LINE_BREAKS = frozenset("\r\n\0 ")


class CallFailed(Exception):
    """There is no answer: no connection, a broken one, a time-out. The call may have been carried out."""


class HttpClient:
    """Calls one server, with a connection for each call under way; the caller bounds how many.

    `url` is http:// or https:// with nothing after the port. A call is sent once.
    """

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError("the URL of a server is http[s]://host[:port]")
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host, self._port = parts.hostname, parts.port or (443 if self._tls else 80)
        self._head = f"host: {parts.netloc.rpartition('@')[2]}\r\ncontent-type: application/json\r\n"
        self._timeout_seconds = timeout_seconds
        self._idle: list[_Connection] = []

    @property
    def idle(self) -> int:
        """Connections that can take a call at once."""
        return sum(connection.is_reusable for connection in self._idle)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the idle connections; a call under way closes its own."""
        while self._idle:
            self._idle.pop().abort()

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Returns status and body. Header values are plain text without line breaks. Raises CallFailed."""
        if not _LINE_BREAKS.isdisjoint(path):
            raise ValueError("a path has no blanks")
        head = f"POST {path} HTTP/1.1\r\n{self._head}content-length: {len(body)}\r\n"
        for name, value in headers.items():
            head += f"{name}: {value}\r\n"
        try:
            async with asyncio.timeout(self._timeout_seconds):
                connection = self._idle_connection() or await self._connect()
                return await self._call(connection, f"{head}\r\n".encode("latin-1") + body)
        except (OSError, TimeoutError, Unreadable) as error:
            raise CallFailed(repr(error)) from error

    async def _call(self, connection: "_Connection", request: bytes) -> tuple[int, bytes]:
        try:
            answer = await connection.call(request)
        except BaseException:
            # An answer that comes after its caller has gone must never be another caller's.
            connection.abort()
            raise
        if connection.is_reusable:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.abort()
        return answer

    def _idle_connection(self) -> "_Connection | None":
        # The one used last: those that a peak has opened grow old.
        earliest = asyncio.get_running_loop().time() - IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.is_reusable and connection.idle_since >= earliest:
                return connection
            connection.abort()
        return None

    async def _connect(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, self._host, self._port, ssl=self._tls)
        return connection


class _Connection(asyncio.Protocol):
    """One connection with at most one call under way."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._received = bytearray()
        self.is_reusable = False
        self.idle_since = 0.0

    def call(self, request: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        """Sends a request, and returns the future status and body."""
        self._answer = asyncio.get_running_loop().create_future()
        if self._transport is None:
            self._fail(ConnectionResetError("the connection is closed"))
        else:
            self._transport.write(request)
        return self._answer

    def abort(self) -> None:
        """Ends the connection at once."""
        self.is_reusable = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)
        self.is_reusable = True

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            self.abort()  # Nothing was asked.
            return
        self._received += data
        try:
            answer = parse(self._received)
        except Unreadable as error:
            self._fail(error)
            return
        if answer is not None:
            self._received.clear()
            self.is_reusable = self.is_reusable and answer.keeps_alive
            done, self._answer = self._answer, None
            if not done.done():
                done.set_result((answer.status, answer.body))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.is_reusable = False
        self._fail(exc or ConnectionResetError("the connection was closed before the answer"))

    def _fail(self, error: Exception) -> None:
        self.is_reusable = False
        done, self._answer = self._answer, None
        if done is not None and not done.done():
            done.set_exception(error)
