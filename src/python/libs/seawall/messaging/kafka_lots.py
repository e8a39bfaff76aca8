"""Handing messages to an aiokafka producer: one future per lot and partition, not one per message."""

import asyncio
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from seawall.messaging.cloud_events import headers_of
from seawall.messaging.message import Message

MAX_MESSAGE_BYTES = 1_000_000
# What Kafka adds to a message and to each of its headers, at most.
_RECORD_BYTES, _HEADER_BYTES = 100, 10

# What a producer may raise; anything else is a bug.
FAILURES = (KafkaError, OSError)


class Producer(Protocol):
    """The part of AIOKafkaProducer that is used here."""

    async def partitions_for(self, topic: str) -> set[int]:
        """The numbers of a topic's partitions."""

    def create_batch(self) -> Any:
        """A builder of a batch for one partition."""

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> "asyncio.Future[Any]":
        """Takes a batch; the future is done when it is stored."""


@dataclass(slots=True)
class Lot:
    """Messages that are stored together, or not at all."""

    topic: str
    messages: list[Message]
    outcome: "asyncio.Future[Any]"


def partition_of(key: bytes, partitions: int) -> int:
    """Where the messages with a key go: CRC-32, in C, where aiokafka's murmur2 takes 45 us in Python.

    All that publish to a topic have to use this one, or messages with one key lose their order.
    """
    return zlib.crc32(key) % partitions


async def hand_over(producer: Any, messages: Sequence[Message]) -> list[Lot]:
    """Hands over all messages. After a failure the later ones of its topic fail too, to keep their order."""
    by_topic: dict[str, list[Message]] = {}
    for message in messages:
        by_topic.setdefault(message.topic, []).append(message)
    handing = _Handing(producer)
    for topic, of_topic in by_topic.items():
        await handing.hand_over(topic, of_topic)
    return handing.lots


@dataclass(slots=True)
class _Handing:
    producer: Producer
    lots: list[Lot] = field(default_factory=list)
    failed: Exception | None = None

    async def hand_over(self, topic: str, messages: Sequence[Message]) -> None:
        """All messages of one topic."""
        self.failed = None
        try:
            count = len(await self.producer.partitions_for(topic))
        except FAILURES as error:
            self._refuse(topic, list(messages), error)
            return
        by_partition: dict[int, list[tuple[Message, bytes]]] = {}
        for message in messages:
            key = message.key.encode()
            by_partition.setdefault(partition_of(key, count), []).append((message, key))
        for partition, of_partition in by_partition.items():
            await self._fill(topic, partition, of_partition)

    async def _fill(self, topic: str, partition: int, messages: Sequence[tuple[Message, bytes]]) -> None:
        batch = self.producer.create_batch()
        taken: list[Message] = []
        for message, key in messages:
            headers = headers_of(message)
            if _size(message, headers) > MAX_MESSAGE_BYTES:
                self._refuse(topic, [message], MessageSizeTooLargeError())
                continue
            record = {"timestamp": message.time_ms, "key": key, "value": message.payload, "headers": headers}
            if batch.append(**record) is None:
                await self._send(batch, topic, partition, taken)
                batch, taken = self.producer.create_batch(), []
                batch.append(**record)
            taken.append(message)
        await self._send(batch, topic, partition, taken)

    async def _send(self, batch: Any, topic: str, partition: int, taken: list[Message]) -> None:
        if not taken:
            return
        if self.failed is not None:
            self._refuse(topic, taken, self.failed)
            return
        batch.close()
        try:
            outcome = await self.producer.send_batch(batch, topic, partition=partition)
        except FAILURES as error:
            self.failed = error
            self._refuse(topic, taken, error)
        else:
            self.lots.append(Lot(topic, taken, outcome))

    def _refuse(self, topic: str, messages: list[Message], error: Exception) -> None:
        outcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        outcome.set_exception(error)
        self.lots.append(Lot(topic, messages, outcome))


def _size(message: Message, headers: Sequence[tuple[str, bytes]]) -> int:
    of_headers = len(headers) * _HEADER_BYTES
    for name, value in headers:
        of_headers += len(name) + len(value)
    return len(message.payload) + len(message.key) + of_headers + _RECORD_BYTES
