"""PostgreSQL is restarted under a relay and a consumer. It is a server of this file alone."""

from pathlib import Path

import pytest

from contract.messaging.bench import message, running
from contract.messaging.effects import floor
from contract.messaging.victim import Effects
from real_postgres import answers, own_postgres
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
        floor(postgres.database(), kafka_url, unique) as on,
        running(OutboxRelay(on.database, on.publisher, service="s").run()),
        running(on.broker.subscriber([unique], unique).run(Effects(on.database))),
    ):

        async def add(name: str) -> None:
            async with on.database.transaction() as connection:
                await Outbox().add(connection, [message(unique, "k", name)])

        await add("1")
        await until(lambda: on.has("1"), GRACE_SECONDS)
        await getattr(postgres, end)()
        await on.publish("2")
        await postgres.start()
        await until(lambda: answers(on.database), GRACE_SECONDS)
        await until(lambda: on.has("12"), GRACE_SECONDS)
        await add("3")
        await until(lambda: on.has("123"), GRACE_SECONDS)
        assert await on.effects() == ["1", "2", "3"]
