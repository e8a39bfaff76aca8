"""What the messaging tests share: topics of their own, messages, and a database with outbox and inbox."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection

from seawall.messaging import Broker, Message, create_inbox, create_outbox, open_broker, outgoing
from seawall.sql import Database, open_database
from shop.inventory.v1.inventory_pb2 import CommitStock


def message(topic: str, key: str, id: str | None = None) -> Message:  # noqa: A002
    return outgoing(topic, key, CommitStock(order_id=key), source="tests", id=id)


@asynccontextmanager
async def topic(kafka_url: str, name: str, partitions: int = 4) -> AsyncIterator[Broker]:
    async with open_broker(kafka_url, client=name) as broker:
        await broker.ensure_topics({name: partitions})
        yield broker


@asynccontextmanager
async def database_with_tables(url: str) -> AsyncIterator[Database]:
    async with open_database(url) as database:
        async with database.transaction() as connection:
            await connection.run_sync(
                lambda c: [
                    make(Operations(MigrationContext.configure(c))) for make in (create_outbox, create_inbox)
                ]
            )
        yield database


def _create(connection: Connection) -> None:
    operations = Operations(MigrationContext.configure(connection))
    create_outbox(operations)
    create_inbox(operations)


@asynccontextmanager
async def running(job: Awaitable[None]) -> AsyncIterator["asyncio.Future[None]"]:
    task = asyncio.ensure_future(job)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class Seen:
    """A handler that remembers. `before` may raise, to fail a batch."""

    def __init__(self, before: Callable[[Sequence[Message]], None] = lambda _: None) -> None:
        self.messages: list[Message] = []
        self.batches: list[list[Message]] = []
        self._before = before

    async def __call__(self, messages: Sequence[Message]) -> None:
        self._before(messages)
        self.messages += messages
        self.batches.append(list(messages))

    @property
    def ids(self) -> list[str]:
        return [m.id for m in self.messages]
