"""The outbox while Kafka is away. It is a server of this file alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contract.messaging.bench import Seen, database_with_tables, message, running
from contract.messaging.own_kafka import GRACE_SECONDS, Kafka
from seawall.messaging import Outbox, OutboxRelay, open_broker
from seawall.testing import until


@pytest.fixture
async def kafka(tmp_path: Path) -> AsyncIterator[Kafka]:
    server = Kafka(tmp_path)
    try:
        yield server
    finally:
        await server.stop()


async def test_the_outbox_is_published_when_the_broker_is_back(kafka: Kafka, database_url: str) -> None:
    """What commits while Kafka is away waits in the table, and arrives in order, if some of it twice."""
    seen, outbox = Seen(), Outbox()
    await kafka.start()
    async with (
        database_with_tables(database_url) as database,
        open_broker(kafka.url, client="tests") as broker,
    ):
        await broker.ensure_topics({"t": 1})
        async with (
            broker.publisher() as publisher,
            running(OutboxRelay(database, publisher, service="s").run()),
            running(broker.subscriber(["t"], "g").run(seen)),
        ):
            for n in range(6):
                if n == 2:
                    await kafka.stop()
                async with database.transaction() as connection:
                    await outbox.add(connection, [message("t", "a", f"{n}")])
                if n == 1:
                    await until(lambda: seen.ids == ["0", "1"], GRACE_SECONDS)
            await kafka.start()
            await until(lambda: seen.ids[-1] == "5", GRACE_SECONDS)
    assert list(dict.fromkeys(seen.ids)) == [f"{n}" for n in range(6)]
