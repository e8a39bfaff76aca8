"""What waits, and what is behind, can be read from the metrics."""

import asyncio
from collections.abc import Sequence

from prometheus_client import REGISTRY
from sqlalchemy import text

from contract.messaging.bench import Seen, database_with_tables, message, running, topic
from seawall.messaging import Message, Outbox, admit, measure_tables
from seawall.messaging.kafka_lag import Lag
from seawall.testing import until


def gauge(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def test_the_oldest_message_in_the_outbox_has_an_age(database_url: str) -> None:
    """It is that of the first row that is not parked; parked rows are a gauge of their own."""
    async with database_with_tables(database_url) as database:
        await measure_tables(database)
        assert gauge("seawall_outbox_oldest_seconds") == 0
        async with database.transaction() as connection:
            await Outbox().add(connection, [message("t", "k", f"{n}") for n in range(3)])
            await connection.execute(text("UPDATE outbox SET time_ms = time_ms - 60000 * (4 - id)"))
            await connection.execute(text("UPDATE outbox SET parked = 'too large' WHERE id = 1"))
        await measure_tables(database)
        assert 120 <= (gauge("seawall_outbox_oldest_seconds") or 0) < 180
        assert gauge("seawall_outbox_parked_rows") == 1


async def test_the_size_of_the_inbox_is_estimated(database_url: str) -> None:
    """Without counting it: PostgreSQL's estimate follows the rows."""
    async with database_with_tables(database_url) as database:
        async with database.transaction() as connection:
            await admit(connection, "c", [message("t", "k", f"{n}") for n in range(500)])
        async with database.connection() as connection:
            await connection.execute(text("ANALYZE inbox"))
        await measure_tables(database)
        assert gauge("seawall_inbox_rows") == 500


async def test_a_service_without_an_inbox_is_measured_too(database_url: str) -> None:
    """Catalog publishes only."""
    async with database_with_tables(database_url) as database:
        async with database.transaction() as connection:
            await connection.execute(text("DROP TABLE inbox"))
        await measure_tables(database)
        assert gauge("seawall_inbox_rows") == 0


async def test_a_member_that_hangs_is_behind(kafka_url: str, unique: str) -> None:
    """The lag grows while a handler does not return, and is gone when it has handled all."""
    at_work, finish, seen = asyncio.Event(), asyncio.Event(), Seen()

    async def handler(messages: Sequence[Message]) -> None:
        at_work.set()
        await finish.wait()
        await seen(messages)

    def lag() -> float | None:
        return gauge("seawall_consumer_lag", topic=unique, group=unique)

    async with topic(kafka_url, unique) as broker, broker.publisher() as publisher:
        member = broker.subscriber([unique], unique)
        member._lag = Lag([unique], unique, every_seconds=0.1)  # type: ignore[attr-defined]
        async with running(member.run(handler)):
            await publisher.publish([message(unique, f"k{n}") for n in range(20)])
            await at_work.wait()
            await publisher.publish([message(unique, f"k{n}") for n in range(10)])
            await until(lambda: lag() == 30)
            finish.set()
            await until(lambda: lag() == 0)
    assert len(seen.ids) == 30
