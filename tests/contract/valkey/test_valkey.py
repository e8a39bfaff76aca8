"""The client on a real Valkey."""

import asyncio
import contextlib

import pytest

from seawall.testing import free_port, until
from seawall.valkey import CommandFailed, Script, ValkeyUnavailable, open_valkey

COUNT_UP = "return redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])"


@pytest.fixture
async def valkey(valkey_url):
    async with open_valkey(valkey_url) as valkey:
        yield valkey


async def test_a_hash_is_written_and_read_as_text(valkey, unique):
    """Fields and values come back as str, missing fields as None, a missing hash as empty."""
    assert await valkey.hset(f"{unique}:h", {"mug": 3, "tee-größe-m": "7"}) == 2
    assert await valkey.hgetall(f"{unique}:h") == {"mug": "3", "tee-größe-m": "7"}
    assert await valkey.hmget(f"{unique}:h", "cap", "mug") == [None, "3"]
    assert await valkey.hget(f"{unique}:h", "mug") == "3"
    assert await valkey.hincrby(f"{unique}:h", "mug", -2) == 1
    assert await valkey.hdel(f"{unique}:h", "mug", "cap") == 1
    assert await valkey.hgetall(f"{unique}:none") == {}


async def test_a_key_is_set_only_where_there_is_none(valkey, unique):
    """only_if_absent keeps what is there."""
    assert await valkey.set(f"{unique}:k", "first", only_if_absent=True)
    assert not await valkey.set(f"{unique}:k", "second", only_if_absent=True)
    assert await valkey.get(f"{unique}:k") == "first"
    assert await valkey.delete(f"{unique}:k", f"{unique}:none") == 1
    assert await valkey.get(f"{unique}:k") is None


async def test_a_key_lapses(valkey, unique):
    """A time to live counts in milliseconds, and may be given later."""
    await valkey.set(f"{unique}:k", "v", ttl_seconds=0.02)
    await valkey.set(f"{unique}:l", "v")
    assert await valkey.expire(f"{unique}:l", 0.02)
    await until(lambda: gone(valkey, f"{unique}:k", f"{unique}:l"))


async def gone(valkey, *keys):
    return await valkey.exists(*keys) == 0


async def test_a_script_runs_also_where_the_server_does_not_know_it(valkey, unique):
    """The first run and the run after SCRIPT FLUSH both work, each exactly once."""
    script = Script(COUNT_UP + f" -- {unique}")
    assert await script(valkey, keys=[f"{unique}:h"], args=["mug", 1]) == 1
    assert await script(valkey, keys=[f"{unique}:h"], args=["mug", 1]) == 2
    await valkey.execute("SCRIPT", "FLUSH")
    assert await script(valkey, keys=[f"{unique}:h"], args=["mug", 1]) == 3


async def test_an_error_of_a_script_is_told(valkey, unique):
    """What the script raises arrives as CommandFailed."""
    with pytest.raises(CommandFailed, match="no such sale"):
        await Script("return redis.error_reply('SALE no such sale')")(valkey, keys=[unique])


async def test_a_wrong_type_is_told(valkey, unique):
    """A command that the server refuses raises CommandFailed."""
    await valkey.set(f"{unique}:k", "v")
    with pytest.raises(CommandFailed, match="HGETALL"):
        await valkey.hgetall(f"{unique}:k")


async def test_nobody_listening_is_unavailable():
    """A refused connection raises ValkeyUnavailable."""
    async with open_valkey(f"redis://127.0.0.1:{free_port()}/0") as valkey:
        with pytest.raises(ValkeyUnavailable):
            await valkey.ping()


async def test_a_silent_server_is_unavailable():
    """A server that accepts and never answers raises ValkeyUnavailable."""
    async with (
        silent_server() as port,
        open_valkey(f"redis://127.0.0.1:{port}/0", timeout_seconds=0.1) as valkey,
    ):
        with pytest.raises(ValkeyUnavailable):
            await valkey.ping()


async def test_a_command_whose_reply_is_lost_is_not_sent_again(valkey, valkey_url, unique):
    """The counter that was counted up once, with its reply lost, stands at one."""
    async with (
        proxy_that_loses_replies_of(b"INCR", valkey_url) as port,
        open_valkey(f"redis://127.0.0.1:{port}/0") as unlucky,
    ):
        with pytest.raises(ValkeyUnavailable):
            await unlucky.execute("INCR", f"{unique}:n")
    assert await valkey.get(f"{unique}:n") == "1"


async def test_a_full_pool_is_unavailable(valkey_url, unique):
    """Who finds every connection busy is refused after a short wait."""
    async with open_valkey(valkey_url, max_connections=1, timeout_seconds=5.0) as valkey:
        blocked = asyncio.create_task(valkey.execute("BLPOP", f"{unique}:list", 1))
        await asyncio.sleep(0.05)
        with pytest.raises(ValkeyUnavailable):
            await valkey.ping()
        assert await blocked is None


async def test_a_cancelled_call_does_not_answer_the_next(valkey_url, unique):
    """After a cancelled call, the next one on the only connection gets its own reply."""
    async with open_valkey(valkey_url, max_connections=1) as valkey:
        await valkey.set(f"{unique}:k", "mine")
        blocked = asyncio.create_task(valkey.execute("BLPOP", f"{unique}:list", 1))
        await asyncio.sleep(0.05)
        blocked.cancel()
        await asyncio.gather(blocked, return_exceptions=True)
        assert await valkey.get(f"{unique}:k") == "mine"


async def test_a_connection_that_the_server_closed_is_replaced(valkey, valkey_url):
    """An idle connection that died is noticed before a command is sent on it."""
    async with open_valkey(valkey_url, max_connections=1) as other:
        identity = await other.execute("CLIENT", "ID")
        await valkey.execute("CLIENT", "KILL", "ID", identity)
        await asyncio.sleep(0.05)
        await other.ping()


@contextlib.asynccontextmanager
async def silent_server():
    async def accept(reader, writer):
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@contextlib.asynccontextmanager
async def proxy_that_loses_replies_of(command, valkey_url):
    """Forwards to the real server, but hangs up once it has the reply to `command`."""
    host, port = valkey_url.removeprefix("redis://").split("/")[0].split(":")

    async def accept(reader, writer):
        upstream_reader, upstream_writer = await asyncio.open_connection(host, int(port))
        while request := await reader.read(65536):
            upstream_writer.write(request)
            reply = await upstream_reader.read(65536)
            if command in request:
                break
            writer.write(reply)
        upstream_writer.close()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
