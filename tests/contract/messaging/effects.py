"""What tests share whose messages have one effect each: a row with the message's id."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import text

from contract.messaging.bench import database_with_tables, message, topic
from seawall.messaging import Broker, Publisher
from seawall.sql import Database


@dataclass(frozen=True)
class Floor:
    """A topic with one partition, and a database with outbox, inbox and effects."""

    topic: str
    broker: Broker
    publisher: Publisher
    database: Database

    async def publish(self, ids: str) -> None:
        """A message for each letter, all with one key."""
        await self.publisher.publish([message(self.topic, "k", i) for i in ids])

    async def effects(self) -> list[str]:
        """The ids of the messages that had their effect, as often as they had it, sorted."""
        async with self.database.connection() as connection:
            return sorted((await connection.execute(text("SELECT id FROM effects"))).scalars())

    async def has(self, ids: str) -> bool:
        """Whether all of these had their effect."""
        return set(await self.effects()) >= set(ids)


@asynccontextmanager
async def floor(database_url: str, kafka_url: str, name: str) -> AsyncIterator[Floor]:
    """Opened for the length of a block."""
    async with (
        database_with_tables(database_url) as database,
        topic(kafka_url, name, 1) as broker,
        broker.publisher() as publisher,
    ):
        async with database.transaction() as connection:
            await connection.execute(text("CREATE TABLE effects (id text)"))
        yield Floor(name, broker, publisher, database)
