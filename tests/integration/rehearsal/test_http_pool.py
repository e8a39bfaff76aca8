"""The load's HTTP client, against small servers on the loop."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from seawall.testing import free_port, until
from tools.rehearsal.http_pool import HttpPool

REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


class Server:
    """Answers each request by `answer`, or not at all where it is None."""

    def __init__(self, answer: bytes | None) -> None:
        self.answer = answer
        self.requests = 0
        self.connections = 0

    async def serve(self, reader, writer):
        self.connections += 1
        while await reader.read(4096):
            self.requests += 1
            if self.answer is not None:
                writer.write(self.answer)


@asynccontextmanager
async def pool_to(server: Server, *, max_connections=4, max_waiting=100, timeout_seconds=30.0):
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    pool = HttpPool(
        host,
        port,
        max_connections=max_connections,
        max_waiting=max_waiting,
        timeout_seconds=timeout_seconds,
    )
    try:
        yield pool
    finally:
        pool.close()
        listener.close()


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def test_requests_share_a_bounded_number_of_connections():
    """More requests than connections wait their turn, and all are answered."""
    server = Server(OK)
    answers: list[tuple[int, bytes]] = []
    async with pool_to(server, max_connections=3) as pool:
        for _ in range(50):
            assert pool.submit(REQUEST, lambda status, body: answers.append((status, body)))
        await until(lambda: len(answers) == 50)
        assert pool.in_flight == 0
    assert set(answers) == {(200, b"ok")}
    assert server.connections <= 3


async def test_what_exceeds_the_bound_is_refused():
    """submit says so, and never calls back."""
    answers: list[int] = []
    async with pool_to(Server(None), max_connections=1, max_waiting=2) as pool:
        taken = [pool.submit(REQUEST, lambda status, _: answers.append(status)) for _ in range(5)]
    assert taken == [True, True, False, False, False]
    assert answers == [0, 0]


async def test_what_is_not_answered_in_time_is_given_up():
    """Status 0 for the request under way and for those that wait; the pool goes on."""
    server = Server(None)
    answers: list[int] = []
    async with pool_to(server, max_connections=1, timeout_seconds=0.05) as pool:
        for _ in range(3):
            pool.submit(REQUEST, lambda status, _: answers.append(status))
        await until(lambda: server.requests)
        await asyncio.sleep(0.06)
        pool.expire()
        await until(lambda: answers == [0, 0, 0])
        server.answer = OK
        pool.submit(REQUEST, lambda status, _: answers.append(status))
        await until(lambda: answers[-1] == 200)


@pytest.mark.parametrize("requests", [1, 3])
async def test_nobody_listening_is_no_answer(requests):
    """A refused connection is status 0 for every request."""
    answers: list[int] = []
    pool = HttpPool("127.0.0.1", free_port(), max_connections=2, max_waiting=10, timeout_seconds=30)
    for _ in range(requests):
        pool.submit(REQUEST, lambda status, _: answers.append(status))
    await until(lambda: answers == [0] * requests)


async def test_a_connection_that_the_server_closes_is_replaced():
    """After `connection: close` the next request opens a new connection."""
    server = Server(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
    answers: list[int] = []
    async with pool_to(server, max_connections=1) as pool:
        for _ in range(3):
            pool.submit(REQUEST, lambda status, _: answers.append(status))
        await until(lambda: answers == [200, 200, 200])
    assert server.connections == 3
