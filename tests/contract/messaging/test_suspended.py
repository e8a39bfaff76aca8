"""A consumer that stands still for longer than its session, as by SIGSTOP, and then goes on."""

import signal

import pytest
from sqlalchemy import text

from contract.messaging.bench import database_with_tables, message, running, topic
from contract.messaging.processes import is_at_its_point, stopped
from contract.messaging.victim import Effects
from seawall.messaging.kafka_subscriber import SESSION_MILLISECONDS
from seawall.testing import until

PATIENCE_SECONDS = SESSION_MILLISECONDS / 1000 + 30


@pytest.mark.parametrize("point", ["before work", "after commit"])
async def test_a_consumer_that_comes_back_late_does_nothing_twice(
    database_url: str, kafka_url: str, unique: str, point: str
) -> None:
    """Another member did its batch; its own late work is refused by the inbox, its commit by the broker."""
    async with (
        database_with_tables(database_url) as database,
        topic(kafka_url, unique, 1) as broker,
        broker.publisher() as publisher,
    ):
        async with database.transaction() as connection:
            await connection.execute(text("CREATE TABLE effects (id text)"))

        async def effects() -> list[str]:
            async with database.connection() as connection:
                return sorted((await connection.execute(text("SELECT id FROM effects"))).scalars())

        async def until_effects(ids: str) -> None:
            async def there() -> bool:
                return set(await effects()) >= set(ids)

            await until(there, timeout_seconds=PATIENCE_SECONDS)

        await publisher.publish([message(unique, "k", i) for i in "12"])
        async with stopped("consumer", point, kafka_url, database_url, unique, "suspended") as process:
            await is_at_its_point(process)
            async with running(broker.subscriber([unique], unique).run(Effects(database))):
                await publisher.publish([message(unique, "k", "3")])
                await until_effects("123")
                process.send_signal(signal.SIGCONT)
                await publisher.publish([message(unique, "k", "4")])
                await until_effects("1234")
            await publisher.publish([message(unique, "k", "5")])
            await until_effects("12345")
            assert process.returncode is None
            assert await effects() == list("12345")
