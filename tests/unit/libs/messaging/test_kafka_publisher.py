"""What the publisher does with the outcomes of its producer; producers that fail on demand stand in."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka.errors import (
    KafkaTimeoutError,
    OutOfOrderSequenceNumber,
    UnknownTopicOrPartitionError,
)

from seawall.messaging import BrokerUnavailable, Message, PublishFailed
from seawall.messaging.kafka_lots import MAX_MESSAGE_BYTES, partition_of
from seawall.messaging.kafka_publisher import KafkaPublisher


class Batch:
    """Holds `room` messages."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.payloads: list[bytes] = []

    def append(self, *, value: bytes, **_: Any) -> object:
        if len(self.payloads) == self.room:
            return None
        self.payloads.append(value)
        return object()

    def close(self) -> None:
        self.room = len(self.payloads)


@dataclass
class Producer:
    """Refuses to take some payloads, and fails to deliver others."""

    refused: dict[bytes, Exception] = field(default_factory=dict)
    undelivered: dict[bytes, Exception] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)
    partitions: list[int] = field(default_factory=list)
    closed: bool = False
    room: int = 1

    async def partitions_for(self, topic: str) -> set[int]:
        return {0, 1, 2, 3}

    def create_batch(self) -> Batch:
        return Batch(self.room)

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> "asyncio.Future[object]":
        outcome: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        for payload in batch.payloads:
            if payload in self.refused:
                raise self.refused[payload]
            if payload in self.undelivered:
                outcome.set_exception(self.undelivered[payload])
        self.sent += batch.payloads
        self.partitions.append(partition)
        if not outcome.done():
            outcome.set_result(None)
        return outcome


def publisher_with(*producers: Producer) -> KafkaPublisher:
    coming = iter(producers)

    async def open_next() -> Producer:
        producer = next(coming, None)
        if producer is None:
            raise BrokerUnavailable("away")
        return producer

    async def close(producer: Producer) -> None:
        producer.closed = True

    return KafkaPublisher(open_next, close)


def message(payload: bytes, topic: str = "t") -> Message:
    return Message(topic, "k", "T", payload.decode(), "tests", payload, None, 0)


def ids(messages: Sequence[Message]) -> list[str]:
    return [m.id for m in messages]


async def test_a_producer_that_can_never_publish_again_is_replaced() -> None:
    """The broker no longer accepts its numbering: the caller's repetition gets a new producer."""
    broken = Producer(undelivered={b"1": OutOfOrderSequenceNumber()})
    healthy = Producer()
    publisher = publisher_with(broken, healthy)
    with pytest.raises(PublishFailed):
        await publisher.publish([message(b"1")])
    assert broken.closed
    await publisher.publish([message(b"1")])
    assert healthy.sent == [b"1"]


@pytest.mark.parametrize("error", [KafkaTimeoutError(), UnknownTopicOrPartitionError()])
async def test_a_failure_that_may_pass_keeps_the_producer(error: Exception) -> None:
    """A slow broker does not cost a new connection for each try."""
    producer = Producer(undelivered={b"1": error})
    publisher = publisher_with(producer)
    with pytest.raises(PublishFailed):
        await publisher.publish([message(b"1")])
    assert not producer.closed


async def test_a_broker_that_is_away_is_told_soon() -> None:
    """Whoever publishes can do something else meanwhile, and try again."""

    async def hangs(*_: Any) -> Any:
        await asyncio.Event().wait()

    publisher = KafkaPublisher(hangs, hangs, connect_seconds=0.01)
    with pytest.raises(PublishFailed) as failure:
        await publisher.publish([message(b"1")])
    assert (ids(failure.value.failed), failure.value.hopeless) == (["1"], [])


async def test_after_a_refusal_the_later_messages_of_the_topic_are_not_sent() -> None:
    """They would overtake it; those of other topics go on."""
    producer = Producer(refused={b"2": KafkaTimeoutError()})
    messages = [message(b"1"), message(b"2"), message(b"3"), message(b"other", "elsewhere")]
    with pytest.raises(PublishFailed) as failure:
        await publisher_with(producer).publish(messages)
    assert producer.sent == [b"1", b"other"]
    assert ids(failure.value.failed) == ["2", "3"]
    assert failure.value.hopeless == []


async def test_a_message_that_is_too_large_does_not_hold_up_its_topic() -> None:
    """It will never be sent, so nothing can overtake it."""
    producer = Producer()
    large = message(b"x" * MAX_MESSAGE_BYTES)
    with pytest.raises(PublishFailed) as failure:
        await publisher_with(producer).publish([message(b"1"), large, message(b"3")])
    assert producer.sent == [b"1", b"3"]
    assert failure.value.failed == failure.value.hopeless == [large]


async def test_messages_of_one_partition_travel_as_one_batch() -> None:
    """One future for all of them, and their order kept."""
    producer = Producer(room=1_000)
    payloads = [str(n).encode() for n in range(100)]
    await publisher_with(producer).publish([message(payload) for payload in payloads])
    assert producer.sent == payloads
    assert producer.partitions == [partition_of(b"k", 4)]


def test_a_key_stays_on_its_partition() -> None:
    """Whoever changes the hash moves the keys, and messages that wait lose their order."""
    assert [partition_of(key, 4) for key in (b"a", b"b", b"order-1", b"")] == [3, 1, 3, 0]


async def test_without_a_broker_all_messages_fail() -> None:
    """The relay is told in the only way that it knows, and tries again."""
    with pytest.raises(PublishFailed) as failure:
        await publisher_with().publish([message(b"1"), message(b"2")])
    assert ids(failure.value.failed) == ["1", "2"]


async def test_a_bug_is_not_passed_off_as_a_failure_of_the_broker() -> None:
    """Anything that is no failure of Kafka or the network comes out as it is."""
    producer = Producer(undelivered={b"1": ZeroDivisionError()})
    with pytest.raises(ZeroDivisionError):
        await publisher_with(producer).publish([message(b"1")])
