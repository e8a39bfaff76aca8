"""Server-sent events: their form, and each of the ways in which a stream ends."""

import asyncio
import socket

import aiohttp
import pytest

from seawall.web import READINESS
from unit.libs.web.api import ENDED, build, client


async def test_a_stream_sends_events_and_heartbeats() -> None:
    """An event has id, name and JSON; silence is broken by comments."""
    async with client() as http, http.get("/v1/events") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        lines = [(await answer.content.readline()).decode().strip() for _ in range(5)]
    assert lines == ["id: 1", "event: state", 'data: {"n":1}', "", ": alive"]


async def test_a_stream_ends_when_its_client_leaves() -> None:
    """A handler does not go on for nobody."""
    app = build()
    async with client(app) as http:
        async with http.get("/v1/events") as answer:
            await answer.content.readline()
            answer.close()
        async with asyncio.timeout(10):
            await app[ENDED].wait()


async def test_a_stream_ends_when_the_process_drains() -> None:
    """The client sees the end of the stream, not a broken connection."""
    app = build()
    async with client(app) as http, http.get("/v1/events") as answer:
        await answer.content.readline()
        app[READINESS].draining.set()
        async with asyncio.timeout(10):
            rest = await answer.content.read()
    assert b"state" in rest


async def test_a_stream_that_fails_is_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    """After the head no problem can be sent: the client sees a broken body, the operator the cause."""
    async with client() as http, http.get("/v1/events/broken") as answer:
        assert answer.status == 200
        async with asyncio.timeout(10):
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.content.read()
    assert [record.getMessage() for record in caplog.records if record.exc_info] == ["request failed"]


async def test_a_time_out_of_the_handler_is_not_taken_for_the_end() -> None:
    """A TimeoutError that the handler raises itself is an error as any other."""
    async with client() as http, http.get("/v1/events/late") as answer:
        async with asyncio.timeout(10):
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.content.read()


async def test_a_client_that_does_not_read_is_let_go() -> None:
    """A stream whose client reads nothing for a whole heartbeat is ended; its buffers are bounded."""
    app = build()
    async with client(app) as http:
        with socket.socket() as stuck:
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stuck.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(stuck, (http.server.host, http.server.port))
            await loop.sock_sendall(stuck, b"GET /v1/events/flood HTTP/1.1\r\nHost: x\r\n\r\n")
            async with asyncio.timeout(20):
                await app[ENDED].wait()
