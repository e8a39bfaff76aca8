"""Replicas of an orchestrator come and go while its sagas run."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import text

from contract.messaging.bench import database_with_tables, message, running, topic
from contract.saga.book import checkout, sagas
from seawall.messaging import Message, Outbox, OutboxRelay, admit
from seawall.sql import Database
from seawall.testing import until

SAGAS = [f"s{n}" for n in range(40)]
STEPS = ("reserve", "charge", "commit")


class Orchestrator:
    """A replica. Each of its commands is written down, and answered at once by the rest of the world."""

    def __init__(self, database: Database, replies: str) -> None:
        self.at_work, self.may_go_on = asyncio.Event(), asyncio.Event()
        self.handled = 0
        self._database = database
        self._replies = replies
        self._saga = checkout()
        self._outbox = Outbox()

    async def start(self) -> None:
        async with self._database.transaction() as connection:
            commands = await self._saga.start(connection, [(s, {"order_id": s}) for s in SAGAS])
            await self._send(connection, commands)

    async def handle(self, replies: Sequence[Message]) -> None:
        self.at_work.set()
        await self.may_go_on.wait()
        async with self._database.transaction() as connection:
            fresh = await admit(connection, "orchestrator", replies)
            for step in STEPS:
                ids = [m.key for m in fresh if m.id.endswith(f":{step}")]
                await self._send(connection, (await self._saga.succeeded(connection, step, ids)).messages)
        self.handled += len(fresh)

    async def _send(self, connection, commands: Sequence[Message]) -> None:
        names = [f"{m.key}:{m.topic}" for m in commands]
        insert = text("INSERT INTO commands SELECT unnest(CAST(:names AS text[]))")
        await connection.execute(insert, {"names": names})
        await self._outbox.add(
            connection, [message(self._replies, m.key, f"{m.key}:{m.topic}") for m in commands]
        )


async def test_a_rebalance_in_the_middle_of_sagas(database_url: str, kafka_url: str, unique: str) -> None:
    """A second replica comes in mid-batch, the first one leaves: all end, each command was sent once."""
    async with (
        database_with_tables(database_url) as database,
        sagas(database_url),
        topic(kafka_url, unique) as broker,
        broker.publisher() as publisher,
        running(OutboxRelay(database, publisher, service="s").run()),
    ):
        async with database.transaction() as connection:
            await connection.execute(text("CREATE TABLE commands (name text)"))

        async def done() -> bool:
            async with database.connection() as connection:
                count = await connection.execute(text("SELECT count(*) FROM saga WHERE status = 'done'"))
            return int(count.scalar_one()) == len(SAGAS)

        first, second = Orchestrator(database, unique), Orchestrator(database, unique)
        second.may_go_on.set()
        await first.start()
        async with running(broker.subscriber([unique], unique).run(first.handle)):
            await first.at_work.wait()
            async with running(broker.subscriber([unique], unique).run(second.handle)):
                await asyncio.sleep(2.5)  # the rebalance begins with the next heartbeat, within 1 s
                first.may_go_on.set()
                await until(lambda: second.handled, timeout_seconds=30)
        async with running(broker.subscriber([unique], unique).run(second.handle)):
            await until(done, timeout_seconds=60)
        async with database.connection() as connection:
            names = list((await connection.execute(text("SELECT name FROM commands"))).scalars())
    assert sorted(names) == sorted(f"{s}:{step}" for s in SAGAS for step in STEPS)
