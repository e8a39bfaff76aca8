"""The relay where transactions overlap, and what an outbox must not lose."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from contract.messaging.bench import database_with_tables, message, running
from seawall.messaging import Message, Outbox, OutboxRelay
from seawall.sql import open_database
from seawall.testing import until

SILENT = text("""
INSERT INTO outbox (topic, key, type, message_id, source, payload, time_ms)
VALUES ('t', 'k', 'T', '2', 'tests', '', 0)
""")


class Memory:
    """A publisher that remembers."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def publish(self, messages: Sequence[Message]) -> None:
        self.messages += messages

    @property
    def ids(self) -> list[str]:
        return [m.id for m in self.messages]


def arrived(publisher: Memory, number: int) -> bool:
    return len(publisher.messages) > number


async def test_a_key_keeps_its_order_when_an_older_transaction_writes_later(database_url: str) -> None:
    """A began first and wrote last, B wrote in between: whatever else runs, B's message goes first."""
    publisher = Memory()
    outbox = Outbox()
    number = text("SELECT pg_current_xact_id()")
    async with database_with_tables(database_url) as database, AsyncExitStack() as stack:
        first = await stack.enter_async_context(database.transaction())
        await first.execute(number)
        # An unrelated transaction, between the two, that keeps the second from being settled.
        async with database.transaction() as unrelated:
            await unrelated.execute(number)
            async with database.transaction() as second:
                await outbox.add(second, [message("t", "k", "1"), message("t", "other", "other")])
            await outbox.add(first, [message("t", "k", "2")])
            await stack.aclose()
            async with running(OutboxRelay(database, publisher, service="s").run()):
                await asyncio.sleep(0.3)
                early = list(publisher.ids)
                await unrelated.commit()
                await until(lambda: len(publisher.ids) == 3)
    assert "2" not in early
    assert [i for i in publisher.ids if i != "other"] == ["1", "2"]


async def test_headers_travel_through_the_outbox(database_url: str) -> None:
    """All of a message is there when the relay publishes it; its time is that of its transaction."""
    publisher = Memory()
    sent = replace(message("t", "k", "1"), headers={"tenant": "a", "note": "ü"}, correlation_id="edge-1")
    async with database_with_tables(database_url) as database:
        async with database.transaction() as connection:
            await Outbox().add(connection, [sent, message("t", "k", "2")])
        async with running(OutboxRelay(database, publisher, service="s").run()):
            await until(lambda: len(publisher.messages) == 2)
    assert replace(publisher.messages[0], time_ms=sent.time_ms) == sent
    assert publisher.messages[1].headers == {}


async def test_a_commit_of_another_process_wakes_the_relay(database_url: str) -> None:
    """NOTIFY reaches it: a relay that polls once an hour publishes at once."""
    publisher = Memory()
    async with database_with_tables(database_url) as database, open_database(database_url) as elsewhere:
        async with running(OutboxRelay(database, publisher, service="s", poll_seconds=3600).run()):
            for n in range(10):
                async with elsewhere.transaction() as connection:
                    await Outbox().add(connection, [message("t", "k", f"{n}")])
                await until(partial(arrived, publisher, n))
    assert publisher.ids == [f"{n}" for n in range(10)]


async def test_a_message_whose_notification_was_lost_is_found_by_the_poll(database_url: str) -> None:
    """NOTIFY is a hint: what is in the table is published without it."""
    publisher = Memory()
    async with database_with_tables(database_url) as database:
        async with running(OutboxRelay(database, publisher, service="s", poll_seconds=0.05).run()):
            async with database.transaction() as connection:
                await Outbox().add(connection, [message("t", "k", "1")])
            await until(lambda: publisher.ids == ["1"])
            async with database.transaction() as connection:
                await connection.execute(SILENT)
            await until(lambda: publisher.ids == ["1", "2"])


@pytest.mark.parametrize("ticks", range(6))
async def test_a_relay_that_is_woken_and_cancelled_at_once_ends(database_url: str, ticks: int) -> None:
    """A service that is told to stop just when a transaction commits does not run on."""
    publisher = Memory()
    async with database_with_tables(database_url) as database:
        relay = OutboxRelay(database, publisher, service="s", poll_seconds=3600)
        task = asyncio.create_task(relay.run())
        async with database.transaction() as connection:
            await Outbox().add(connection, [message("t", "k", "1")])
        await until(lambda: publisher.ids == ["1"])
        await asyncio.sleep(0.2)
        relay.wake()
        for _ in range(ticks):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=5)
        task.cancel()
        await asyncio.wait([task], timeout=5)
    assert done
