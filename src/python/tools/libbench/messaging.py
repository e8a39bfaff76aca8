"""`seawall.messaging` beside bare aiokafka: a thousand messages from who has them to who has handled them.

Ours go through an outbox, written in transactions of five hundred as by a handler of full batches, the
relay, Kafka and an inbox: nothing is lost or handled twice, whoever dies. aiokafka sends them from memory
and counts them.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from alembic.migration import MigrationContext
from alembic.operations import Operations
from google.protobuf.wrappers_pb2 import StringValue
from sqlalchemy import Connection

from seawall.messaging import (
    Broker,
    Message,
    Outbox,
    OutboxRelay,
    admit,
    create_inbox,
    create_outbox,
    open_broker,
    outgoing,
)
from seawall.sql import Database, open_database
from tools.devstack.shared import shared_server
from tools.libbench.comparison import Comparison
from tools.libbench.database import own_database

MESSAGES = 1_000
PER_TRANSACTION = 500
WRITERS = 4
PARTITIONS = 4
PAYLOAD = StringValue(value="an order of one lamp, of brass, for the harbour, to be delivered by noon")


class Arrivals:
    """Waits until so many have come."""

    def __init__(self) -> None:
        self._seen = 0
        self._changed = asyncio.Event()

    def add(self, count: int) -> None:
        """So many more."""
        self._seen += count
        self._changed.set()

    async def take(self, count: int) -> None:
        """Returns when they are there; they count no more."""
        while self._seen < count:
            self._changed.clear()
            await self._changed.wait()
        self._seen -= count


@asynccontextmanager
async def suite() -> AsyncIterator[list[Comparison]]:
    """Starts a Kafka and a PostgreSQL, or joins those of the tests; topics and database are its own."""
    with (
        shared_server("kafka") as kafka,
        shared_server("postgres") as postgres,
        own_database(postgres) as url,
    ):
        async with _ours(kafka, url) as ours, _bare(kafka) as bare:
            yield [Comparison("1,000 messages, end to end", ours, {"aiokafka": bare}, target=">= 0.5x")]


@asynccontextmanager
async def _ours(kafka: str, database_url: str) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    topic, arrivals = _topic(), Arrivals()
    async with (
        open_database(database_url, pool_size=WRITERS + 2) as database,
        open_broker(kafka, client="bench", topics={topic: PARTITIONS}) as broker,
        broker.publisher() as publisher,
    ):
        async with database.transaction() as connection:
            await connection.run_sync(_create_tables)
        relay = OutboxRelay(database, publisher, service="bench")
        async with _running(relay.run(), _receive(broker, topic, database, arrivals)):

            async def run(operations: int) -> None:
                await _write(database, relay, topic, operations * MESSAGES)
                await arrivals.take(operations * MESSAGES)

            await run(1)
            yield run


async def _write(database: Database, relay: OutboxRelay, topic: str, count: int) -> None:
    outbox, lots = Outbox(), iter([PER_TRANSACTION] * (count // PER_TRANSACTION))

    async def write() -> None:
        for lot in lots:
            async with database.transaction() as connection:
                await outbox.add(connection, _messages(topic, lot))
            relay.wake()

    async with asyncio.TaskGroup() as writers:
        for _ in range(WRITERS):
            writers.create_task(write())


async def _receive(broker: Broker, topic: str, database: Database, arrivals: Arrivals) -> None:
    async def handle(messages: Sequence[Message]) -> None:
        async with database.transaction() as connection:
            admitted = await admit(connection, "bench", messages)
        arrivals.add(len(admitted))

    await broker.subscriber([topic], "bench").run(handle)


@asynccontextmanager
async def _bare(kafka: str) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    topic, server, arrivals = _topic(), kafka.removeprefix("kafka://"), Arrivals()
    async with open_broker(kafka, client="bench") as broker:
        await broker.ensure_topics({topic: PARTITIONS})
    producer = AIOKafkaProducer(bootstrap_servers=server, acks="all")
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=server,
        group_id=topic,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    async with producer, consumer, _running(_count(consumer, arrivals)):

        async def run(operations: int) -> None:
            messages = _messages(topic, operations * MESSAGES)
            sent = [await producer.send(topic, m.payload, key=m.key.encode()) for m in messages]
            await asyncio.gather(*sent)
            await arrivals.take(len(messages))

        await run(1)
        yield run


async def _count(consumer: AIOKafkaConsumer, arrivals: Arrivals) -> None:
    while True:
        found = await consumer.getmany(timeout_ms=1_000)
        arrivals.add(sum(len(records) for records in found.values()))
        if found:
            await consumer.commit()


def _messages(topic: str, count: int) -> list[Message]:
    return [outgoing(topic, f"order-{number}", PAYLOAD, source="bench") for number in range(count)]


def _create_tables(connection: Connection) -> None:
    operations = Operations(MigrationContext.configure(connection))
    create_outbox(operations)
    create_inbox(operations)


@asynccontextmanager
async def _running(*jobs: Awaitable[None]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


def _topic() -> str:
    return f"bench-{secrets.token_hex(4)}"
