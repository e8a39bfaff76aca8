"""Push invalidation on a real Valkey."""

import asyncio

import pytest

from seawall.testing import free_port, until
from seawall.valkey import open_valkey, watch


class Heard:
    """Keeps what it is told."""

    def __init__(self):
        self.events, self.keys = [], []

    def changed(self, keys):
        self.keys += keys

    def all_changed(self):
        self.events.append("all")

    def sighted(self):
        self.events.append("sighted")

    def blind(self):
        self.events.append("blind")


@pytest.fixture
async def valkey(valkey_url):
    async with open_valkey(valkey_url) as valkey:
        yield valkey


async def test_changes_below_the_prefix_are_told(valkey, valkey_url, unique):
    """Each in its order, also of keys that this process never read; others are not."""
    heard = Heard()
    async with watch(valkey_url, f"{unique}:a:", heard):
        await until(lambda: heard.events == ["sighted"])
        await valkey.set(f"{unique}:b:1", "v")
        await valkey.set(f"{unique}:a:größe", "v")
        await until(lambda: heard.keys == [f"{unique}:a:größe"])
        await valkey.delete(f"{unique}:a:größe")
        await until(lambda: heard.keys == [f"{unique}:a:größe"] * 2)
    assert heard.events == ["sighted", "blind"]


async def test_a_server_that_stops_answering_is_noticed():
    """Though the connection stands: a PING goes unanswered. Another connection is tried."""
    heard, accepted = Heard(), []

    async def answer_twice(reader, writer):
        accepted.append(writer)
        for reply in (b"%1\r\n$5\r\nproto\r\n:3\r\n", b"+OK\r\n" * 6):
            await reader.read(65536)
            writer.write(reply)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(answer_twice, "127.0.0.1", 0)
    url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    async with watch(url, "shop:", heard, ping_seconds=0.05, timeout_seconds=0.1):
        await until(lambda: heard.events[:2] == ["sighted", "blind"])
        await until(lambda: len(accepted) >= 2)
    server.close()


async def test_nobody_listening_is_nothing_to_hear():
    """It stays blind, and ends when it is told to."""
    heard = Heard()
    async with watch(f"redis://127.0.0.1:{free_port()}/0", "shop:", heard):
        await asyncio.sleep(0.05)
    assert "sighted" not in heard.events


async def test_bytes_are_kept_as_they_are(valkey, unique):
    """What is no text goes in and comes out unchanged."""
    data = bytes(range(256))
    await valkey.set(f"{unique}:k", data)
    assert await valkey.get_bytes(f"{unique}:k") == data
    assert await valkey.get_bytes(f"{unique}:none") is None
