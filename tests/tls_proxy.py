"""TLS in front of a real server that has none: the builds of PostgreSQL here are without OpenSSL."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ssl import SSLContext

SSL_REQUEST = (8).to_bytes(4) + (80877103).to_bytes(4)

Greeting = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def at_once(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """The first byte is already of TLS, as with Valkey."""


async def as_postgres(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The client asks for TLS first: https://www.postgresql.org/docs/current/protocol-flow.html"""
    assert await reader.readexactly(8) == SSL_REQUEST
    writer.write(b"S")
    await writer.drain()


@asynccontextmanager
async def tls_proxy(
    host: str, port: int, context: SSLContext, greeting: Greeting = at_once
) -> AsyncIterator[int]:
    """The port of a proxy on 127.0.0.1 that leads to `host:port`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await greeting(reader, writer)
            await writer.start_tls(context)
            there, onward = await asyncio.open_connection(host, port)
            await asyncio.gather(_pipe(reader, onward), _pipe(there, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
