"""A saga of three steps, as the shop's checkout, and a database for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alembic.migration import MigrationContext
from alembic.operations import Operations

from seawall.messaging import Message, create_outbox, outgoing
from seawall.saga import Definition, SagaLog, State, Step, create_saga_tables
from seawall.saga.definition import Command
from seawall.sql import Database, open_database
from shop.inventory.v1.inventory_pb2 import CommitStock


def command(name: str) -> Command:
    def make(state: State) -> Message:
        return outgoing(name, state["order_id"], CommitStock(order_id=state["order_id"]), source="tests")

    return make


def definition(
    reserve_timeout: float = 60, charge_timeout: float = 60, commit_timeout: float = 60
) -> Definition:
    return Definition(
        "checkout",
        [
            Step("reserve", command("reserve"), command("release"), reserve_timeout),
            Step("charge", command("charge"), command("void"), charge_timeout, pivot=True),
            Step("commit", command("commit"), None, commit_timeout),
        ],
    )


def checkout(**timeouts: float) -> SagaLog:
    return SagaLog(definition(**timeouts))


@asynccontextmanager
async def sagas(url: str) -> AsyncIterator[Database]:
    async with open_database(url) as database:
        async with database.transaction() as connection:
            await connection.run_sync(lambda c: create_saga_tables(Operations(MigrationContext.configure(c))))
        yield database


@asynccontextmanager
async def sagas_with_outbox(url: str) -> AsyncIterator[Database]:
    async with sagas(url) as database:
        async with database.transaction() as connection:
            await connection.run_sync(lambda c: create_outbox(Operations(MigrationContext.configure(c))))
        yield database


def sent(messages: list[Message]) -> list[str]:
    """The commands as `topic key`, in their order."""
    return [f"{m.topic} {m.key}" for m in messages]
