"""Dead letters: read from the topics `*.dlt`, sent again where they came from, and known as replayed."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import OffsetAndMetadata
from msgspec.structs import replace

from seawall.messaging.cloud_events import message_of
from seawall.messaging.errors import MessagingError
from seawall.messaging.failed import ERROR, REASON, first_position, headers_to_replay
from seawall.messaging.kafka_address import kafka_address
from seawall.messaging.kafka_clients import started
from seawall.messaging.message import Message
from seawall.messaging.ports import Publisher

GROUP = "redrive"
SUFFIX = ".dlt"
FETCH_MILLISECONDS = 1_000
# The broker keeps at most 4,096 bytes with an offset (offset.metadata.max.bytes).
METADATA_BYTES = 4_000


class TooScattered(MessagingError):
    """So many gaps between what was replayed that the broker cannot keep them: replay the oldest first."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message in a dead-letter topic, where it is there, and as it was before it died."""

    message: Message
    partition: TopicPartition
    offset: int
    reason: str
    original_position: str


class DeadLetters:
    """The dead letters of a broker. What was replayed is remembered by the offsets of the group `redrive`.

    The offset is that of the first letter that was not; those replayed beyond it are in its metadata.
    """

    def __init__(self, consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient) -> None:
        self._consumer = consumer
        self._admin = admin

    async def waiting(self) -> list[DeadLetter]:
        """All that are in the topics and were not replayed, topic by topic, oldest first."""
        topics = sorted(t for t in await self._admin.list_topics() if t.endswith(SUFFIX))
        if not topics:
            return []
        partitions = [
            TopicPartition(described["topic"], partition["partition"])
            for described in await self._admin.describe_topics(topics)
            for partition in described["partitions"]
        ]
        replayed = await self._replayed(partitions)
        return [
            letter
            for letter in await self._read(partitions, replayed)
            if letter.offset not in replayed[letter.partition]
        ]

    async def replay(self, letters: Sequence[DeadLetter], publisher: Publisher) -> None:
        """Sends them to their original topics under their own ids, then remembers that.

        A crash in between sends them twice; the inbox refuses the second. Raises PublishFailed,
        TooScattered (before anything is sent).
        """
        marks = {}
        known = await self._replayed(sorted({letter.partition for letter in letters}))
        for partition, offsets in known.items():
            offsets |= {letter.offset for letter in letters if letter.partition == partition}
            first = await self._consumer.beginning_offsets([partition])
            marks[partition] = _mark(offsets, first[partition])
        await publisher.publish([letter.message for letter in letters])
        self._consumer.assign(list(marks))
        await self._consumer.commit(marks)

    async def _replayed(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, set[int]]:
        kept: Mapping[TopicPartition, Any] = await self._admin.list_consumer_group_offsets(
            GROUP, partitions=list(partitions)
        )
        return {tp: _offsets(kept[tp]) if tp in kept else set() for tp in partitions}

    async def _read(
        self, partitions: Sequence[TopicPartition], replayed: Mapping[TopicPartition, set[int]]
    ) -> list[DeadLetter]:
        self._consumer.assign(list(partitions))
        starts = await self._consumer.beginning_offsets(list(partitions))
        ends = await self._consumer.end_offsets(list(partitions))
        for tp in partitions:
            self._consumer.seek(tp, starts[tp])
        left = {tp for tp in partitions if starts[tp] < ends[tp]}
        letters: list[DeadLetter] = []
        while left:
            for tp, records in (await self._consumer.getmany(timeout_ms=FETCH_MILLISECONDS)).items():
                letters += [_letter(tp, record) for record in records if record.offset < ends[tp]]
            left = {tp for tp in left if await self._consumer.position(tp) < ends[tp]}
        return sorted(letters, key=lambda letter: (letter.partition, letter.offset))


@asynccontextmanager
async def open_dead_letters(url: str) -> AsyncIterator[DeadLetters]:
    """The dead letters of the broker of an `open_broker` URL. Raises BrokerUnavailable, ValueError."""
    options = {**kafka_address(url).options, "client_id": GROUP}
    consumer = await started(
        lambda: AIOKafkaConsumer(**options, group_id=GROUP, enable_auto_commit=False),
        AIOKafkaConsumer.stop,
    )
    try:
        admin = await started(lambda: AIOKafkaAdminClient(**options), AIOKafkaAdminClient.close)
        try:
            yield DeadLetters(consumer, admin)
        finally:
            await admin.close()
    finally:
        await consumer.stop()


def _letter(partition: TopicPartition, record: Any) -> DeadLetter:
    position = f"{record.topic}:{record.partition}:{record.offset}"
    read = message_of(record.topic, position, record.key, record.value, record.headers, record.timestamp)
    topic = record.topic.removesuffix(SUFFIX)
    message = replace(read, topic=topic, headers=headers_to_replay(read.headers), position="")
    reason = f"{read.headers.get(ERROR, '')}: {read.headers.get(REASON, '')}"
    return DeadLetter(message, partition, record.offset, reason, first_position(read.headers))


def _offsets(kept: OffsetAndMetadata) -> set[int]:
    """All offsets that are done: those before the kept one, and those in its metadata."""
    done = set(range(max(0, kept.offset)))
    for part in filter(None, (kept.metadata or "").split(",")):
        first, _, last = part.partition("-")
        done |= set(range(int(first), int(last or first) + 1))
    return done


def _mark(done: set[int], start: int) -> tuple[int, str]:
    """The first offset that is not done, and the done ones beyond it as `7,9-12`."""
    first = start
    while first in done:
        first += 1
    beyond = ",".join(_ranges(sorted(offset for offset in done if offset > first)))
    if len(beyond) > METADATA_BYTES:
        raise TooScattered("too many gaps: replay the oldest dead letters first")
    return first, beyond


def _ranges(offsets: Iterable[int]) -> list[str]:
    ranges: list[list[int]] = []
    for offset in offsets:
        if ranges and offset == ranges[-1][1] + 1:
            ranges[-1][1] = offset
        else:
            ranges.append([offset, offset])
    return [f"{first}-{last}" if last > first else f"{first}" for first, last in ranges]
