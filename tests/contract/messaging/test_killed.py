"""A relay or a consumer is killed with -9 at each point of its work: another one ends it, once."""

import pytest
from sqlalchemy import text

from contract.messaging.bench import Seen, database_with_tables, message, running, topic
from contract.messaging.effects import floor
from contract.messaging.victim import CONSUMER_POINTS, RELAY_POINTS, Effects
from contract.messaging.victim import __file__ as PROGRAM
from seawall.messaging import Outbox, OutboxRelay
from seawall.messaging.kafka_subscriber import SESSION_MILLISECONDS
from seawall.sql import Database
from seawall.testing import until
from seawall.testing.victims import is_at_its_point, kill, victim

PATIENCE_SECONDS = SESSION_MILLISECONDS / 1000 + 30


async def add(database: Database, name: str, *ids: str) -> None:
    async with database.transaction() as connection:
        await Outbox().add(connection, [message(name, "k", i) for i in ids])


@pytest.mark.parametrize("point", RELAY_POINTS)
async def test_a_relay_that_is_killed_loses_nothing(
    database_url: str, kafka_url: str, unique: str, point: str
) -> None:
    """Another one goes on as soon as its lock is free: all arrives in order, twice only after a publish."""
    seen = Seen()
    async with database_with_tables(database_url) as database, topic(kafka_url, unique, 1) as broker:
        await add(database, unique, "1", "2")
        async with victim(PROGRAM, "relay", point, kafka_url, database_url, unique) as process:
            if point == "after mark":
                await until(lambda: empty(database), timeout_seconds=30)
                await add(database, unique, "3")
            await is_at_its_point(process)
            await kill(process)
            await add(database, unique, "4")
            async with (
                broker.publisher() as publisher,
                running(OutboxRelay(database, publisher, service="s").run()),
                running(broker.subscriber([unique], unique).run(seen)),
            ):
                await until(lambda: "4" in seen.ids, timeout_seconds=PATIENCE_SECONDS)
                await until(lambda: empty(database))
    again = ["1", "2"] if point == "after publish" else []
    third = ["3"] if point == "after mark" else []
    assert seen.ids == ["1", "2", *again, *third, "4"]


async def empty(database: Database) -> bool:
    async with database.connection() as connection:
        return not (await connection.execute(text("SELECT EXISTS (SELECT FROM outbox)"))).scalar_one()


@pytest.mark.parametrize("point", CONSUMER_POINTS)
async def test_a_consumer_that_is_killed_does_nothing_twice(
    database_url: str, kafka_url: str, unique: str, point: str
) -> None:
    """Another member takes over after the session timed out; each message has its effect once."""
    async with floor(database_url, kafka_url, unique) as on:
        await on.publish("12")
        async with victim(PROGRAM, "consumer", point, kafka_url, database_url, unique) as process:
            if point == "after offset":
                await until(on.effects, timeout_seconds=30)
                await on.publish("3")
            await is_at_its_point(process)
            await kill(process)
            await on.publish("4")
            async with running(on.broker.subscriber([unique], unique).run(Effects(on.database))):
                await until(lambda: on.has("4"), timeout_seconds=PATIENCE_SECONDS)
            assert await on.effects() == list("1234" if point == "after offset" else "124")
