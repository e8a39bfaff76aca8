"""A relay is stopped (SIGSTOP) for longer than its leases last, and goes on as if nothing had been."""

import signal

from sqlalchemy import text

from contract.messaging.bench import Seen, database_with_tables, message, running, topic
from contract.messaging.victim import __file__ as PROGRAM
from seawall.messaging import Outbox, OutboxRelay
from seawall.sql import Database
from seawall.sql.database import LISTENER_IDLE_SECONDS
from seawall.testing import until
from seawall.testing.victims import victim

PATIENCE_SECONDS = LISTENER_IDLE_SECONDS + 60


async def add(database: Database, name: str, id: str) -> None:  # noqa: A002
    async with database.transaction() as connection:
        await Outbox().add(connection, [message(name, "k", id)])


async def is_empty(database: Database) -> bool:
    async with database.connection() as connection:
        return not (await connection.execute(text("SELECT EXISTS (SELECT FROM outbox)"))).scalar_one()


async def test_a_relay_that_is_stopped_is_replaced(database_url: str, kafka_url: str, unique: str) -> None:
    """Another one takes its place; when it goes on nothing is sent twice or out of order, and it lives."""
    seen = Seen()
    async with (
        database_with_tables(database_url) as database,
        topic(kafka_url, unique, 1) as broker,
        broker.publisher() as publisher,
        running(broker.subscriber([unique], unique).run(seen)),
    ):
        async with victim(PROGRAM, "relay", "", kafka_url, database_url, unique) as process:
            await add(database, unique, "1")
            await until(lambda: seen.ids == ["1"], timeout_seconds=PATIENCE_SECONDS)
            # Stopped between publication and deletion it would leave it to be published again.
            await until(lambda: is_empty(database))
            process.send_signal(signal.SIGSTOP)
            await add(database, unique, "2")
            async with running(OutboxRelay(database, publisher, service="s").run()):
                await until(lambda: seen.ids == ["1", "2"], timeout_seconds=PATIENCE_SECONDS)
                process.send_signal(signal.SIGCONT)
                await add(database, unique, "3")
                await until(lambda: seen.ids == ["1", "2", "3"], timeout_seconds=PATIENCE_SECONDS)
            # The one that was stopped is the only one now.
            await add(database, unique, "4")
            await until(lambda: seen.ids == ["1", "2", "3", "4"], timeout_seconds=PATIENCE_SECONDS)
            assert process.returncode is None
