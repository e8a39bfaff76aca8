"""The wire that tests break."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from seawall.testing import Cable, Fault

HANGS_SECONDS = 0.2


@pytest.fixture
async def cable():
    """A wire to a server that says everything again."""

    async def echo(reader, writer):
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with Cable("127.0.0.1", server.sockets[0].getsockname()[1], slow_seconds=HANGS_SECONDS) as cable:
        yield cable
    server.close()


@asynccontextmanager
async def connected(cable):
    reader, writer = await asyncio.open_connection("127.0.0.1", cable.port)

    async def say(word):
        writer.write(word)
        return await reader.read(100)

    yield say
    writer.close()


async def is_ended(reply):
    """Whether there is no reply, because the connection is not there any more."""
    try:
        return await reply == b""
    except ConnectionError:
        return True


async def test_it_carries_bytes_both_ways(cable):
    """Nothing is wrong unless a test says so."""
    async with connected(cable) as say:
        assert [await say(b"one"), await say(b"two")] == [b"one", b"two"]


async def test_slow_holds_each_reply_back(cable):
    """A reply comes late, and whole."""
    async with connected(cable) as say, cable.broken(Fault.SLOW):
        reply = asyncio.create_task(say(b"word"))
        done, _ = await asyncio.wait({reply}, timeout=HANGS_SECONDS / 4)
        assert not done
        assert await reply == b"word"


@pytest.mark.parametrize("fault", [Fault.REFUSING, Fault.GONE])
async def test_refusing_and_gone_end_open_connections(cable, fault):
    """Who was connected is so no more; mended, the same port leads there again."""
    async with connected(cable) as say:
        await say(b"one")
        async with cable.broken(fault):
            assert await is_ended(say(b"two"))
    async with connected(cable) as say:
        assert await say(b"three") == b"three"


async def test_refusing_sends_away_who_connects(cable):
    """The connection ends at once, without a byte."""
    async with cable.broken(Fault.REFUSING), connected(cable) as say:
        assert await is_ended(say(b"one"))


async def test_gone_is_connection_refused(cable):
    """Nobody listens."""
    async with cable.broken(Fault.GONE):
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", cable.port)


async def test_dropping_keeps_the_connection_and_loses_bytes(cable):
    """No answer and no end while it is broken; mended, the connection with a hole in it is ended."""
    async with connected(cable) as say:
        async with cable.broken(Fault.DROPPING):
            reply = asyncio.create_task(say(b"lost"))
            done, _ = await asyncio.wait({reply}, timeout=HANGS_SECONDS)
            assert not done
        assert await is_ended(reply)
