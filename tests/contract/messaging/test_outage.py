"""A Kafka that is late, stops, comes back, and comes back empty. It is a server of this file alone."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contract.messaging.bench import Seen, message, running
from contract.messaging.own_kafka import GRACE_SECONDS, Kafka
from seawall.messaging import BrokerUnavailable, PublishFailed, open_broker
from seawall.testing import until


@pytest.fixture
async def kafka(tmp_path: Path) -> AsyncIterator[Kafka]:
    server = Kafka(tmp_path)
    try:
        yield server
    finally:
        await server.stop()


async def test_clients_wait_for_a_broker_that_is_late_and_leave_nothing_behind(kafka: Kafka) -> None:
    """A service may start before its broker; when it ends, no task of the client runs on."""
    before = asyncio.all_tasks()
    seen = Seen()
    async with open_broker(kafka.url, client="tests") as broker:
        starting = asyncio.ensure_future(kafka.start())
        await broker.ensure_topics({"t": 1})
        await starting
        await kafka.stop()
        starting = asyncio.ensure_future(kafka.start())
        async with broker.publisher() as publisher:
            await starting
            await publisher.publish([message("t", "a", "1")])
            async with running(broker.subscriber(["t"], "g").run(seen)):
                await until(lambda: seen.ids == ["1"], GRACE_SECONDS)
    await asyncio.sleep(0.1)
    assert {task for task in asyncio.all_tasks() - before if not task.done()} == set()


async def test_a_process_that_starts_first_works_later(
    kafka: Kafka, caplog: pytest.LogCaptureFixture
) -> None:
    """Its topics, its publisher and its subscriber come up by themselves; each change is one line of log."""
    seen = Seen()
    caplog.set_level(logging.INFO)
    async with (
        open_broker(kafka.url, client="tests", topics={"t": 2}) as broker,
        broker.publisher() as publisher,
        running(broker.subscriber(["t"], "g").run(seen)),
    ):
        with pytest.raises(PublishFailed):
            await publisher.publish([message("t", "a", "early")])
        with pytest.raises(BrokerUnavailable):
            await broker.ping()
        await until(lambda: changes(caplog), GRACE_SECONDS)
        await asyncio.sleep(2)
        await kafka.start()
        await publisher.publish([message("t", "a", "1")])
        await until(lambda: seen.ids == ["1"], GRACE_SECONDS)
    assert changes(caplog) == [
        "the subscriber does not work, it is tried again",
        "the subscriber works again",
    ]


def changes(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if "subscriber" in r.getMessage()]


async def test_publisher_and_subscriber_live_through_a_restart(kafka: Kafka) -> None:
    """What is published while the broker is away arrives, in order and once."""
    seen = Seen()
    await kafka.start()
    async with open_broker(kafka.url, client="tests") as broker:
        await broker.ensure_topics({"t": 1})
        async with broker.publisher() as publisher, running(broker.subscriber(["t"], "g").run(seen)):
            await publisher.publish([message("t", "a", "1")])
            await until(lambda: seen.ids == ["1"], GRACE_SECONDS)
            await kafka.stop()
            publishing = asyncio.ensure_future(
                publisher.publish([message("t", "a", "2"), message("t", "a", "3")])
            )
            await asyncio.sleep(1)
            assert not publishing.done()
            await kafka.start()
            await publishing
            await until(lambda: len(seen.ids) >= 3, GRACE_SECONDS)
    assert seen.ids == ["1", "2", "3"]


async def test_a_publisher_ends_in_time_while_its_broker_is_away(kafka: Kafka) -> None:
    """A service that is told to stop does not wait for Kafka to come back."""
    await kafka.start()
    async with open_broker(kafka.url, client="tests") as broker:
        await broker.ensure_topics({"t": 1})
        async with asyncio.timeout(GRACE_SECONDS), broker.publisher() as publisher:
            await publisher.publish([message("t", "a", "1")])
            await kafka.stop()
            publishing = asyncio.ensure_future(publisher.publish([message("t", "a", "2")]))
            await asyncio.sleep(1)
            publishing.cancel()


async def test_a_subscriber_ends_in_time_while_its_broker_is_away(kafka: Kafka) -> None:
    """It cannot take leave of its group, and does not wait until it can."""
    seen = Seen()
    await kafka.start()
    async with open_broker(kafka.url, client="tests") as broker:
        await broker.ensure_topics({"t": 1})
        async with broker.publisher() as publisher:
            await publisher.publish([message("t", "a", "1")])
        async with asyncio.timeout(GRACE_SECONDS), running(broker.subscriber(["t"], "g").run(seen)):
            await until(lambda: seen.ids == ["1"], GRACE_SECONDS / 2)
            await kafka.stop()
            await asyncio.sleep(1)


async def test_a_publisher_recovers_from_a_broker_that_lost_its_data(kafka: Kafka) -> None:
    """The broker no longer knows the producer: a publisher gets a new identity and goes on."""
    seen = Seen()
    await kafka.start()
    async with open_broker(kafka.url, client="tests") as broker:
        await broker.ensure_topics({"t": 1})
        async with broker.publisher() as publisher:
            for n in range(3):
                await publisher.publish([message("t", "a", f"lost{n}")])
            await kafka.stop()
            kafka.lose_all_data()
            await kafka.start()
            await broker.ensure_topics({"t": 1})

            async def published() -> bool:
                try:
                    async with asyncio.timeout(10):
                        await publisher.publish([message("t", "a", "after")])
                except Exception:
                    return False
                return True

            await until(published, GRACE_SECONDS)
            async with running(broker.subscriber(["t"], "g").run(seen)):
                await until(lambda: "after" in seen.ids, GRACE_SECONDS)
