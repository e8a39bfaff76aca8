"""The provider's HTTP client, against small servers on the loop."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from seawall.testing import free_port, until
from services.payments.adapters.http_client import CallFailed, HttpClient

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Answers each request by `answer`, in pieces of `step` bytes; not at all where it is empty."""

    def __init__(self, answer: bytes, *, step: int = 2_000_000, closes: bool = False) -> None:
        self.answer = answer
        self.step = step
        self.closes = closes
        self.requests: list[bytes] = []
        self.connections = 0
        self.gone = 0

    async def serve(self, reader, writer):
        self.connections += 1
        with suppress(ConnectionError):  # a client that is gone with bytes unread resets the connection
            while request := await reader.read(65536):
                self.requests.append(request)
                for start in range(0, len(self.answer), self.step):
                    writer.write(self.answer[start : start + self.step])
                    await asyncio.sleep(0)
                if self.closes:
                    break
        self.gone += 1
        writer.close()


@asynccontextmanager
async def client_of(server: Server, *, timeout_seconds=30.0):
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    async with HttpClient(f"http://{host}:{port}", timeout_seconds=timeout_seconds) as client:
        yield client
    listener.close()


async def test_a_call_is_one_whole_request():
    """Path, host, length, headers and body arrive as HTTP/1.1 says."""
    server = Server(OK)
    async with client_of(server) as client:
        assert await client.post("/v1/charges", b"{}", {"x-request-id": "id-1"}) == (200, b"ok")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /v1/charges HTTP/1.1"
    assert {b"content-length: 2", b"x-request-id: id-1", b"content-type: application/json"} <= set(lines)
    assert lines[1].startswith(b"host: 127.0.0.1:")
    assert body == b"{}"


async def test_calls_one_after_another_share_a_connection():
    """A connection that is free is used again."""
    server = Server(OK)
    async with client_of(server) as client:
        for _ in range(10):
            await client.post("/", b"", {})
    assert server.connections == 1
    await until(lambda: server.gone == 1)


async def test_calls_at_once_have_a_connection_each():
    """No call waits for another."""
    server = Server(OK)
    async with client_of(server) as client:
        answers = await asyncio.gather(*(client.post("/", b"", {}) for _ in range(20)))
    assert answers == [(200, b"ok")] * 20


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 201 Created\r\ncontent-length: 5\r\n\r\nhello",
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length:5\r\n\r\nhello",
    ],
)
async def test_an_answer_is_read_however_it_is_cut(answer, step):
    """Length or chunks, with trailers or interim answers before it, byte by byte or at once."""
    server = Server(answer, step=step)
    async with client_of(server) as client:
        for _ in range(3):
            assert await client.post("/", b"", {}) == (201, b"hello")
    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        OK + b"HTTP/1.1 200 OK\r\n",
    ],
)
async def test_a_connection_that_is_not_to_be_used_again_is_closed(answer):
    """Told so, by HTTP/1.0, or because more came than was asked for."""
    server = Server(answer)
    async with client_of(server) as client:
        for _ in range(2):
            assert await client.post("/", b"", {}) == (200, b"ok")
        await until(lambda: server.gone == 2)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.7\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 1_100_000,
    ],
)
async def test_what_cannot_be_read_is_no_answer(answer):
    """The call fails, and its connection is closed."""
    server = Server(answer)
    async with client_of(server) as client:
        with pytest.raises(CallFailed):
            await client.post("/", b"", {})
        await until(lambda: server.gone == 1)


async def test_a_connection_that_breaks_fails_its_call():
    """A half answer is none, and the next call gets a new connection."""
    server = Server(OK[:-1], closes=True)
    async with client_of(server) as client:
        with pytest.raises(CallFailed):
            await client.post("/", b"", {})
        server.answer = OK
        assert await client.post("/", b"", {}) == (200, b"ok")


async def test_a_connection_closed_while_idle_is_not_used():
    """The server may leave after its answer; the next call does not fail by that."""
    server = Server(OK, closes=True)
    async with client_of(server) as client:
        for number in range(1, 4):
            assert await client.post("/", b"", {}) == (200, b"ok")
            await until(lambda: client.idle == 0)
            assert server.connections == number


async def test_a_call_without_an_answer_is_given_up_in_time():
    """The late answer reaches nobody: its connection is closed."""
    server = Server(b"")
    async with client_of(server, timeout_seconds=0.05) as client:
        with pytest.raises(CallFailed):
            await client.post("/", b"", {})
        await until(lambda: server.gone == 1)


async def test_a_cancelled_call_closes_its_connection():
    """As a call that was given up."""
    server = Server(b"")
    async with client_of(server) as client:
        call = asyncio.create_task(client.post("/", b"", {}))
        await until(lambda: server.requests)
        call.cancel()
        await until(lambda: server.gone == 1)


async def test_a_server_that_is_away_fails_the_call():
    """No connection: CallFailed as well."""
    async with HttpClient(f"http://127.0.0.1:{free_port()}", timeout_seconds=5) as client:
        with pytest.raises(CallFailed):
            await client.post("/", b"", {})


@pytest.mark.parametrize("url", ["ftp://host", "http://", "http://host/path", "host:80"])
def test_an_address_that_is_none_is_refused(url):
    """At the start, not at the first call."""
    with pytest.raises(ValueError, match="URL of a server"):
        HttpClient(url, timeout_seconds=1)


@pytest.mark.parametrize("path", ["/a b", "/a\r\nx-evil: 1", "/\0"])
async def test_a_path_cannot_break_the_request(path):
    """A line break in a path would be a header."""
    async with client_of(Server(OK)) as client:
        with pytest.raises(ValueError, match="blanks"):
            await client.post(path, b"", {})
