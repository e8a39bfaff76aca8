"""PostgreSQL is restarted under a relay and a consumer. It is a server of this file alone."""

from pathlib import Path

import pytest
from sqlalchemy import text

from contract.messaging.bench import database_with_tables, message, running, topic
from contract.messaging.victim import Effects
from real_postgres import own_postgres
from seawall.messaging import Outbox, OutboxRelay
from seawall.testing import until

GRACE_SECONDS = 30.0


@pytest.mark.parametrize("end", ["stop", "crash"])
async def test_relay_and_consumer_live_through_a_restart(
    tmp_path: Path, kafka_url: str, unique: str, end: str
) -> None:
    """What comes while it is away waits, and has its effect once; both go on by themselves."""
    async with (
        own_postgres(tmp_path) as postgres,
        database_with_tables(postgres.database()) as database,
        topic(kafka_url, unique, 1) as broker,
        broker.publisher() as publisher,
        running(OutboxRelay(database, publisher, service="s").run()),
        running(broker.subscriber([unique], unique).run(Effects(database))),
    ):
        async with database.transaction() as connection:
            await connection.execute(text("CREATE TABLE effects (id text)"))

        async def add(name: str) -> bool:
            async with database.transaction() as connection:
                await Outbox().add(connection, [message(unique, "k", name)])
            return True

        async def effects() -> list[str]:
            async with database.connection() as connection:
                return list((await connection.execute(text("SELECT id FROM effects"))).scalars())

        async def there(count: int) -> bool:
            return len(await effects()) >= count

        await add("1")
        await until(lambda: there(1), GRACE_SECONDS)
        await getattr(postgres, end)()
        await publisher.publish([message(unique, "k", "2")])
        await postgres.start()
        await until(lambda: there(2), GRACE_SECONDS)
        await add("3")
        await until(lambda: there(3), GRACE_SECONDS)
        assert sorted(await effects()) == ["1", "2", "3"]
