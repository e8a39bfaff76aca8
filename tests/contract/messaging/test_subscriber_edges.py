"""The subscriber where things go wrong in the middle of a batch."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from msgspec.structs import replace

from contract.messaging.bench import Seen, message, running, topic
from seawall.messaging import Message, Undecodable
from seawall.messaging.kafka_subscriber import KafkaSubscriber
from seawall.messaging.ports import Publisher
from seawall.testing import until


class Refusing:
    """Publishers that refuse while `refuse` is true, and remember what they were given."""

    def __init__(self) -> None:
        self.refuse = True
        self.tries = 0
        self.messages: list[Message] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Publisher]:
        yield self

    async def publish(self, messages: Sequence[Message]) -> None:
        self.tries += 1
        if self.refuse:
            raise OSError("the dead-letter topic is away")
        self.messages += messages


async def test_a_dead_letter_that_cannot_be_written_is_not_lost(kafka_url: str, unique: str) -> None:
    """Nothing is committed until the grave is ready; then the message is in it and the rest goes on."""
    graves = Refusing()

    def before(messages: Sequence[Message]) -> None:
        for m in messages:
            if m.id == "bad":
                raise Undecodable(m, "nonsense")

    seen = Seen(before)
    async with topic(kafka_url, unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, "a", i) for i in ("bad", "good")])
        address = kafka_url.removeprefix("kafka://")
        member = KafkaSubscriber(address, "tests", [unique], unique, graves.open)
        async with running(member.run(seen)):
            await until(lambda: graves.tries >= 2)
            assert seen.ids == []
        graves.refuse = False
        async with running(KafkaSubscriber(address, "tests", [unique], unique, graves.open).run(seen)):
            await until(lambda: seen.ids == ["good"])
    assert [m.id for m in graves.messages] == ["bad"]


async def test_a_handler_that_blames_a_foreign_message_is_a_failed_handler(
    kafka_url: str, unique: str
) -> None:
    """Only a message of the batch can be buried: any other is a bug of the handler, and waits."""
    graves = Refusing()
    graves.refuse = False
    calls = 0

    async def handler(messages: Sequence[Message]) -> None:
        nonlocal calls
        calls += 1
        raise Undecodable(replace(messages[0], position=""), "from elsewhere")

    async with topic(kafka_url, unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, "a", "1")])
        member = KafkaSubscriber(kafka_url.removeprefix("kafka://"), "tests", [unique], unique, graves.open)
        async with running(member.run(handler)):
            await until(lambda: calls >= 2)
            await asyncio.sleep(0.3)
    assert graves.messages == []
    assert calls < 20, "it must back off"


async def test_a_rebalance_in_mid_batch_waits_for_the_commit(kafka_url: str, unique: str) -> None:
    """A second member comes while the first one works: the batch is committed, and not handled again."""
    at_work, finish = asyncio.Event(), asyncio.Event()
    first, second = Seen(), Seen()

    async def slow(messages: Sequence[Message]) -> None:
        at_work.set()
        await finish.wait()
        await first(messages)

    async with topic(kafka_url, unique) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, f"k{n}", f"{n}") for n in range(40)])
        async with running(broker.subscriber([unique], unique).run(slow)):
            await at_work.wait()
            async with running(broker.subscriber([unique], unique).run(second)):
                await asyncio.sleep(2.5)  # the rebalance begins with the next heartbeat, within 1 s
                finish.set()
                await until(lambda: len({*first.ids, *second.ids}) == 40, timeout_seconds=30)
                await publisher.publish([message(unique, f"k{n}", f"more{n}") for n in range(40)])
                await until(lambda: len({*first.ids, *second.ids}) == 80, timeout_seconds=30)
    handled = first.ids + second.ids
    assert len(handled) == len(set(handled)) == 80
    assert second.ids


async def test_a_member_that_is_killed_in_mid_batch_leaves_it_to_another(kafka_url: str, unique: str) -> None:
    """What was handed out and not committed comes again."""
    at_work = asyncio.Event()
    seen = Seen()

    async def stuck(_: Sequence[Message]) -> None:
        at_work.set()
        await asyncio.Event().wait()

    async with topic(kafka_url, unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, "a", f"{n}") for n in range(5)])
        async with running(broker.subscriber([unique], unique).run(stuck)):
            await at_work.wait()
        async with running(broker.subscriber([unique], unique).run(seen)):
            await until(lambda: len(seen.ids) == 5, timeout_seconds=20)
    assert seen.ids == [f"{n}" for n in range(5)]
