"""Outbox, relay and inbox on a real PostgreSQL, with the real Kafka where it matters."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from contract.messaging.bench import Seen, database_with_tables, message, running, topic
from seawall.messaging import Message, Outbox, OutboxRelay, PublishFailed, admit, purge_inbox
from seawall.sql import Database, open_database
from seawall.testing import until


class Memory:
    """A publisher that remembers; ids in `failing` are refused while they are there."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.failing: set[str] = set()
        self.hopeless: set[str] = set()
        self.gate: asyncio.Event | None = None

    async def publish(self, messages: Sequence[Message]) -> None:
        refused = [m for m in messages if m.id in self.failing | self.hopeless]
        self.ids += [m.id for m in messages if m not in refused]
        if self.gate is not None:
            await self.gate.wait()
        if refused:
            raise PublishFailed(refused, [m for m in refused if m.id in self.hopeless], "refused")


async def add(database: Database, *messages: Message) -> None:
    async with database.transaction() as connection:
        await Outbox().add(connection, messages)


async def waiting(database: Database) -> int:
    async with database.connection() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM outbox"))).scalar_one())


async def test_what_commits_is_published_in_order_and_deleted(database_url: str) -> None:
    """The relay is woken by the commit, publishes in order, and leaves an empty table."""
    publisher = Memory()
    async with database_with_tables(database_url) as database:
        async with running(OutboxRelay(database, publisher, service="s").run()):
            for n in range(0, 50, 5):
                await add(database, *(message("t", "k", f"{m}") for m in range(n, n + 5)))
            await until(lambda: len(publisher.ids) == 50)
            await until(lambda: waiting_is_zero(database))
    assert publisher.ids == [f"{n}" for n in range(50)]


async def waiting_is_zero(database: Database) -> bool:
    return await waiting(database) == 0


async def test_what_rolls_back_is_never_published(database_url: str) -> None:
    """A message exists only if its transaction does."""
    publisher = Memory()
    async with database_with_tables(database_url) as database:
        with suppress(KeyError):
            async with database.transaction() as connection:
                await Outbox().add(connection, [message("t", "k", "lost")])
                raise KeyError
        await add(database, message("t", "k", "kept"))
        async with running(OutboxRelay(database, publisher, service="s").run()):
            await until(lambda: publisher.ids)
    assert publisher.ids == ["kept"]


async def test_a_transaction_that_commits_late_keeps_its_place(database_url: str) -> None:
    """A row with a smaller id that is not committed yet holds back those after it."""
    publisher = Memory()
    async with database_with_tables(database_url) as database:
        async with running(OutboxRelay(database, publisher, service="s").run()):
            async with database.transaction() as slow:
                await Outbox().add(slow, [message("t", "k", "first")])
                await add(database, message("t", "k", "second"))
                await asyncio.sleep(0.3)
                assert publisher.ids == []
            await until(lambda: len(publisher.ids) == 2)
    assert publisher.ids == ["first", "second"]


async def test_two_relays_do_not_publish_twice_and_one_takes_over(database_url: str) -> None:
    """One works; when it ends the other goes on."""
    publishers = [Memory(), Memory()]
    async with database_with_tables(database_url) as database:
        async with running(OutboxRelay(database, publishers[1], service="s").run()):
            async with running(OutboxRelay(database, publishers[0], service="s").run()):
                for n in range(20):
                    await add(database, message("t", "k", f"{n}"))
                await until(lambda: len(publishers[0].ids) + len(publishers[1].ids) >= 20)
                # A relay that is ended between publishing and deleting leaves its batch to the next one.
                await until(partial(waiting_is_zero, database))
            await add(database, message("t", "k", "20"))
            await until(lambda: "20" in publishers[1].ids)
    assert sorted(publishers[0].ids + publishers[1].ids, key=int) == [f"{n}" for n in range(21)]
    assert not publishers[0].ids or not publishers[1].ids[:-1]


async def test_a_relay_that_dies_between_publish_and_delete_repeats_the_id(
    database_url: str, kafka_url: str, unique: str
) -> None:
    """The message comes twice under one id, and the inbox lets it in once."""
    dies = Memory()
    dies.gate = asyncio.Event()
    handled: list[str] = []
    async with database_with_tables(database_url) as database, topic(kafka_url, unique) as broker:
        await add(database, message(unique, "k", "m1"))
        async with broker.publisher() as publisher:

            class Both:
                async def publish(self, messages: Sequence[Message]) -> None:
                    await publisher.publish(messages)
                    await dies.publish(messages)

            async with running(OutboxRelay(database, Both(), service="s").run()):
                await until(lambda: dies.ids)
            async with running(OutboxRelay(database, publisher, service="s").run()):
                await until(lambda: waiting_is_zero(database))
        seen = Seen()

        async def handle(messages: Sequence[Message]) -> None:
            async with database.transaction() as connection:
                handled.extend(m.id for m in await admit(connection, "c", messages))
            await seen(messages)

        async with running(broker.subscriber([unique], unique).run(handle)):
            await until(lambda: len(seen.messages) == 2)
    assert (seen.ids, handled) == (["m1", "m1"], ["m1"])


async def test_a_key_that_fails_waits_and_the_others_go_on(database_url: str) -> None:
    """The later messages of the failed key are published after it, in order."""
    publisher = Memory()
    publisher.failing = {"a1"}
    async with database_with_tables(database_url) as database:
        await add(database, message("t", "a", "a1"), message("t", "b", "b1"), message("t", "a", "a2"))
        async with running(OutboxRelay(database, publisher, service="s").run()):
            await until(lambda: "b1" in publisher.ids)
            publisher.failing = set()
            await until(lambda: "a1" in publisher.ids)
            await until(lambda: waiting_is_zero(database))
    assert publisher.ids.count("b1") == 1
    assert publisher.ids[publisher.ids.index("a1") :] == ["a1", "a2"]


async def test_a_hopeless_message_is_parked(database_url: str) -> None:
    """It stays in the table with the reason, and does not block the rest of its key."""
    publisher = Memory()
    publisher.hopeless = {"large"}
    async with database_with_tables(database_url) as database:
        await add(database, message("t", "a", "large"), message("t", "a", "a2"))
        async with running(OutboxRelay(database, publisher, service="s").run()):
            await until(lambda: "a2" in publisher.ids)
            rows = await until(partial(_all_parked, database))
    assert [row.message_id for row in rows] == ["large"]
    assert "refused" in rows[0].parked


async def _all_parked(database: Database) -> Sequence[Any]:
    """What the outbox holds once nothing in it waits to be published or deleted; else nothing."""
    async with database.connection() as connection:
        rows = (await connection.execute(text("SELECT message_id, parked FROM outbox"))).all()
    return rows if all(row.parked for row in rows) else []


async def test_the_backlog_is_counted(database_url: str) -> None:
    """While the broker refuses, the service can see how much waits."""
    publisher = Memory()
    publisher.failing = {f"{n}" for n in range(30)}
    async with database_with_tables(database_url) as database:
        await add(database, *(message("t", "k", f"{n}") for n in range(30)))
        relay = OutboxRelay(database, publisher, service="s")
        async with running(relay.run()):
            await until(lambda: relay.backlog == 30)


async def test_the_relay_survives_the_end_of_its_connection(database_url: str, postgres_url: str) -> None:
    """When the server drops it, the relay comes back by itself."""
    publisher = Memory()
    async with database_with_tables(database_url) as database, open_database(postgres_url) as admin:
        async with running(OutboxRelay(database, publisher, service="s").run()):
            await add(database, message("t", "k", "1"))
            await until(lambda: publisher.ids)
            async with admin.connection() as connection:
                await connection.execute(
                    text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
                    {"name": database.engine.url.database},
                )
            with suppress(Exception):
                await add(database, message("t", "k", "2"))
            await add(database, message("t", "k", "3"))
            await until(lambda: "3" in publisher.ids)


@pytest.mark.parametrize("rounds", [1, 3])
async def test_the_inbox_admits_each_message_once_per_consumer(database_url: str, rounds: int) -> None:
    """Duplicates in one batch, in later batches and at the same moment are refused; order is kept."""
    messages = [message("t", "k", f"{n}") for n in (1, 2, 1, 3)]
    admitted: list[str] = []

    async def consume(database: Database) -> None:
        async with database.transaction() as connection:
            admitted.extend(m.id for m in await admit(connection, "c", messages))

    async with database_with_tables(database_url) as database:
        await asyncio.gather(*(consume(database) for _ in range(rounds)))
        assert admitted == ["1", "2", "3"]
        async with database.transaction() as connection:
            assert len(await admit(connection, "other", messages)) == 3


async def test_an_admission_that_rolls_back_does_not_count(database_url: str) -> None:
    """A batch that failed is let in again."""
    async with database_with_tables(database_url) as database:
        with suppress(KeyError):
            async with database.transaction() as connection:
                await admit(connection, "c", [message("t", "k", "1")])
                raise KeyError
        async with database.transaction() as connection:
            assert len(await admit(connection, "c", [message("t", "k", "1")])) == 1


async def test_old_admissions_are_purged(database_url: str) -> None:
    """The inbox does not grow for ever."""
    async with database_with_tables(database_url) as database:
        async with database.transaction() as connection:
            await admit(connection, "c", [message("t", "k", "1")])
        assert await purge_inbox(database, 3600) == 0
        assert await purge_inbox(database, 0) == 1
