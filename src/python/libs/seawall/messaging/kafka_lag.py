"""How far a member of a group is behind."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Protocol

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import Gauge

from seawall.messaging.errors import MessagingError

MEASURE_SECONDS = 5.0
REQUEST_SECONDS = 10.0

_LAG = Gauge(
    "seawall_consumer_lag", "Messages of this member's partitions that are not handled", ["topic", "group"]
)


class Consumer(Protocol):
    """The part of AIOKafkaConsumer that knows offsets."""

    def assignment(self) -> Collection[TopicPartition]: ...

    async def end_offsets(self, partitions: list[TopicPartition]) -> Mapping[TopicPartition, int]: ...

    async def committed(self, partition: TopicPartition) -> int | None: ...


class Lag:
    """Asks the broker where the partitions end: what is fetched says nothing while a handler hangs.

    The members of a group add up; a member has no lag in partitions that others have.
    """

    def __init__(
        self, topics: Collection[str], group: str, *, every_seconds: float = MEASURE_SECONDS
    ) -> None:
        self._every_seconds = every_seconds
        self._topics = topics
        self._group = group
        self._handled: dict[TopicPartition, int] = {}

    def handled(self, offsets: Mapping[TopicPartition, int]) -> None:
        """These offsets have been committed."""
        self._handled |= offsets

    def forget(self, partitions: Collection[TopicPartition]) -> None:
        """Another member may go on with these."""
        for partition in partitions:
            self._handled.pop(partition, None)

    async def measure_for_ever(self, consumer: Consumer) -> None:
        """Until cancelled. While the broker does not answer the last values stay."""
        while True:
            with suppress(KafkaError, MessagingError, OSError, TimeoutError):
                async with asyncio.timeout(REQUEST_SECONDS):
                    await self._measure(consumer)
            await asyncio.sleep(self._every_seconds)

    async def _measure(self, consumer: Consumer) -> None:
        partitions = list(consumer.assignment())
        ends = await consumer.end_offsets(partitions) if partitions else {}
        behind: Counter[str] = Counter(dict.fromkeys(self._topics, 0))
        for partition, end in ends.items():
            behind[partition.topic] += max(0, end - await self._next(consumer, partition))
        for topic, messages in behind.items():
            _LAG.labels(topic, self._group).set(messages)

    async def _next(self, consumer: Consumer, partition: TopicPartition) -> int:
        if partition not in self._handled:
            committed = await consumer.committed(partition) or 0
            # What was handled meanwhile is newer, and of a partition that was lost nothing is kept.
            if partition not in consumer.assignment():
                return committed
            self._handled.setdefault(partition, committed)
        return self._handled[partition]
