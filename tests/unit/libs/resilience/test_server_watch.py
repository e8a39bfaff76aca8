"""A server that is doubted is asked, and what it answers decides: with a server that is a future or two."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from seawall.resilience import CircuitOpen, ServerSilent, ServerWatch, bind_deadline
from seawall.testing import until


class Server:
    """Answers probes as it is told."""

    def __init__(self) -> None:
        self.probes = 0
        self.is_well = asyncio.Event()
        self.refuses = False

    async def probe(self) -> None:
        self.probes += 1
        if self.refuses:
            raise ConnectionRefusedError("nobody is there")
        await self.is_well.wait()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def watch(server: Server) -> AsyncIterator[ServerWatch]:
    made = ServerWatch(
        "test",
        server.probe,
        silent_seconds=0.05,
        probe_seconds=0.1,
        is_outage=lambda error: isinstance(error, OSError),
        is_answer=lambda error: isinstance(error, LookupError),
    )
    yield made
    await made.close()


def is_open(watch: ServerWatch) -> bool:
    try:
        watch.check()
    except CircuitOpen:
        return True
    return False


async def ask(watch: ServerWatch) -> None:
    """A query that no server ever answers."""
    async with watch.block():
        await asyncio.Event().wait()


async def fail(watch: ServerWatch, error: Exception) -> None:
    with pytest.raises(type(error)):
        async with watch.block():
            raise error


async def test_who_waits_for_a_silent_server_is_cut_off(watch: ServerWatch) -> None:
    """One caller is enough for it, and it needs no deadline."""
    with pytest.raises(ServerSilent):
        await ask(watch)
    with pytest.raises(CircuitOpen) as refused:
        await ask(watch)
    assert 0 <= refused.value.retry_after_seconds <= 1


async def test_who_listens_is_cut_off_with_them(watch: ServerWatch) -> None:
    """The silence of what it listens to is no reason, but a probe that fails is."""

    async def listen() -> None:
        async with watch.listening():
            await asyncio.Event().wait()

    listening = asyncio.create_task(listen())
    with pytest.raises(ServerSilent):
        await ask(watch)
    with pytest.raises(ServerSilent):
        await listening


async def test_a_long_statement_of_a_server_that_answers_goes_on(server: Server, watch: ServerWatch) -> None:
    """It waits for a lock, say: the server is asked again and again, and is well."""
    server.is_well.set()
    asking = asyncio.create_task(ask(watch))
    await until(lambda: server.probes >= 3)
    assert not asking.done()
    assert not is_open(watch)
    asking.cancel()


async def test_any_answer_settles_the_doubt(server: Server, watch: ServerWatch) -> None:
    """The server is too busy for a new connection, and yet serves those it has."""
    asking = asyncio.create_task(ask(watch))
    await until(lambda: server.probes >= 1)
    # Long beyond the time that a probe has.
    for _ in range(60):
        async with watch.block():
            await asyncio.sleep(0.005)
    assert not asking.done()
    assert not is_open(watch)
    asking.cancel()


async def test_a_server_that_nobody_asks_is_not_doubted(server: Server, watch: ServerWatch) -> None:
    """What ended or was cancelled has no part in it."""
    async with watch.block():
        pass
    asking = asyncio.create_task(ask(watch))
    await asyncio.sleep(0.01)
    asking.cancel()
    async with watch.listening():
        await asyncio.sleep(0.3)
    assert server.probes == 0


async def test_an_outage_is_looked_into_at_once(server: Server, watch: ServerWatch) -> None:
    """Nobody else need run into it."""
    server.refuses = True
    await fail(watch, ConnectionRefusedError("nobody is there"))
    await until(lambda: is_open(watch))


async def test_one_lost_connection_is_no_outage(server: Server, watch: ServerWatch) -> None:
    """The probe succeeds: nobody is refused."""
    server.is_well.set()
    await fail(watch, ConnectionResetError("lost"))
    await until(lambda: server.probes == 1)
    await asyncio.sleep(0)
    assert not is_open(watch)


async def test_a_refused_statement_is_an_answer(server: Server, watch: ServerWatch) -> None:
    """Nothing is wrong with the server."""
    await fail(watch, LookupError("there is no such row"))
    await asyncio.sleep(0.01)
    assert server.probes == 0


async def test_it_comes_back_by_itself(server: Server, watch: ServerWatch) -> None:
    """Nobody has to call for it."""
    server.refuses = True
    await fail(watch, ConnectionRefusedError("nobody is there"))
    await until(lambda: is_open(watch) and server.probes >= 3)
    server.refuses = False
    server.is_well.set()
    await until(lambda: not is_open(watch))
    async with watch.block():
        pass


async def test_a_probe_is_bound_by_no_callers_deadline(server: Server, watch: ServerWatch) -> None:
    """The doubt of a hasty caller serves the others."""
    server.refuses = True
    with bind_deadline(0.02):
        await fail(watch, ConnectionRefusedError("nobody is there"))
    await until(lambda: server.probes >= 3)


async def test_a_cut_off_is_not_taken_for_a_cancellation(watch: ServerWatch) -> None:
    """A caller that is cancelled is cancelled, whatever the server does."""
    asking = asyncio.create_task(ask(watch))
    await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_closed_it_asks_no_more(server: Server, watch: ServerWatch) -> None:
    """In the middle of an outage, too."""
    server.refuses = True
    await fail(watch, ConnectionRefusedError("nobody is there"))
    await until(lambda: server.probes >= 2)
    await watch.close()
    probes = server.probes
    await asyncio.sleep(0.3)
    assert server.probes == probes
