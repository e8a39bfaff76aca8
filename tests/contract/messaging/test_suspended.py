"""A consumer that stands still for longer than its session, as by SIGSTOP, and then goes on."""

import signal

import pytest

from contract.messaging.bench import running
from contract.messaging.effects import floor
from contract.messaging.victim import Effects
from contract.messaging.victim import __file__ as PROGRAM
from seawall.messaging.kafka_subscriber import SESSION_MILLISECONDS
from seawall.testing import until
from seawall.testing.victims import is_at_its_point, victim

PATIENCE_SECONDS = SESSION_MILLISECONDS / 1000 + 30


@pytest.mark.parametrize("point", ["before work", "after commit"])
async def test_a_consumer_that_comes_back_late_does_nothing_twice(
    database_url: str, kafka_url: str, unique: str, point: str
) -> None:
    """Another member did its batch; its own late work is refused by the inbox, its commit by the broker."""
    urls = kafka_url, database_url
    async with floor(database_url, kafka_url, unique) as on:
        await on.publish("12")
        async with victim(PROGRAM, "consumer", point, *urls, unique, "suspended") as process:
            await is_at_its_point(process)
            async with running(on.broker.subscriber([unique], unique).run(Effects(on.database))):
                await on.publish("3")
                await until(lambda: on.has("123"), timeout_seconds=PATIENCE_SECONDS)
                process.send_signal(signal.SIGCONT)
                await on.publish("4")
                await until(lambda: on.has("1234"), timeout_seconds=PATIENCE_SECONDS)
            await on.publish("5")
            await until(lambda: on.has("12345"), timeout_seconds=PATIENCE_SECONDS)
            assert process.returncode is None
            assert await on.effects() == list("12345")
