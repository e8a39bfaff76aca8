"""A dead letter, or a retry, that cannot be written: nothing is committed, and nothing is lost."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from contract.messaging.bench import Seen, message, running, topic
from seawall.messaging import Message, Subscriber, Undecodable
from seawall.messaging.kafka_address import kafka_address
from seawall.messaging.kafka_subscriber import KafkaSubscriber
from seawall.messaging.memory import MemoryBroker
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
            raise OSError("the topic is away")
        self.messages += messages


class Bad:
    """A check for `Seen` that refuses the message `bad` in its own way."""

    def __init__(self, refusal: Callable[[Message], Exception]) -> None:
        self._refusal = refusal
        self.calls = 0

    def __call__(self, messages: Sequence[Message]) -> None:
        self.calls += 1
        for m in messages:
            if m.id == "bad":
                raise self._refusal(m)


def undecodable(bad: Message) -> Exception:
    return Undecodable(bad, "nonsense")


def failure(_: Message) -> Exception:
    return RuntimeError("cannot")


async def topics_are_there() -> None:
    pass


CASES = {
    "undecodable in an ordered topic": (undecodable, True),
    "undecodable in an unordered topic": (undecodable, False),
    "failed in an unordered topic": (failure, False),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.replace(" ", "-"))
async def test_kafka_commits_nothing_until_it_is_written(kafka_url: str, unique: str, case: str) -> None:
    """The next member gets the message; when its place is ready it goes there, and the rest goes on."""
    refusal, ordered = CASES[case]
    graves, seen = Refusing(), Seen(Bad(refusal))

    async def create(names: Sequence[str]) -> None:
        await broker.ensure_topics(dict.fromkeys(names, 1))

    def member() -> Subscriber:
        address = kafka_address(kafka_url)
        return KafkaSubscriber(
            address, "tests", [unique], unique, graves.open, topics_are_there, None if ordered else create
        )

    async with topic(kafka_url, unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, "a", i) for i in ("bad", "good")])
        async with running(member().run(seen)):
            await until(lambda: graves.tries >= 2)
            assert "bad" not in seen.ids
        graves.refuse = False
        async with running(member().run(seen)):
            await until(lambda: graves.messages and "good" in seen.ids, timeout_seconds=20)
    assert [m.id for m in graves.messages] == ["bad"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.replace(" ", "-"))
async def test_memory_commits_nothing_until_it_is_written(case: str) -> None:
    """The same where the broker is in memory: a service's test can make it happen."""
    refusal, ordered = CASES[case]
    broker, bad = MemoryBroker(), Bad(refusal)
    seen = Seen(bad)
    await broker.ensure_topics({"t": 1})
    grave = "t.dlt" if refusal is undecodable else "t.g.retry-1s"
    broker.refusing.add(grave)
    await broker.publish([message("t", "a", i) for i in ("bad", "good")])
    async with running(broker.subscriber(["t"], "g", ordered=ordered).run(seen)):
        await until(lambda: bad.calls > 3)
        assert "bad" not in seen.ids
    broker.refusing.clear()
    async with running(broker.subscriber(["t"], "g", ordered=ordered).run(seen)):
        await until(lambda: broker.messages(grave) and "good" in seen.ids)
    assert [m.id for m in broker.messages(grave)] == ["bad"]
