"""A member of a Kafka consumer group."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import Counter, Histogram

from seawall.messaging.cloud_events import message_of
from seawall.messaging.delivery import Delivery
from seawall.messaging.errors import MessagingError
from seawall.messaging.failure_policy import BlockKey
from seawall.messaging.kafka_address import KafkaAddress
from seawall.messaging.kafka_cadence import paced
from seawall.messaging.kafka_lag import Lag
from seawall.messaging.message import Message
from seawall.messaging.ports import Handler, Publisher
from seawall.messaging.retry_topics import RetryLater, retry_topics
from seawall.messaging.work import Work
from seawall.tasks import end
from seawall.telemetry import TRACEPARENT, OutageLog, trace_id_of

POLL_MILLISECONDS = 500
# The partitions of a member that is killed idle for this long. A broker takes no less by default
# (group.min.session.timeout.ms); it leaves five heartbeats to a loop that is busy.
SESSION_MILLISECONDS = 6_000
BATCH_INTERVAL_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 5.0

_HANDLED = Counter("seawall_messages_handled_total", "Messages handled and committed", ["topic", "group"])
_BATCH = Histogram(
    "seawall_message_batch", "Messages per batch", ["group"], buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
_log = logging.getLogger(__name__)

Records = dict[TopicPartition, list[ConsumerRecord]]


class KafkaSubscriber(ConsumerRebalanceListener):  # type: ignore[misc]
    """Implements Subscriber.

    A batch under way is finished and committed before its partitions are given to another member.
    """

    def __init__(
        self,
        address: KafkaAddress,
        client: str,
        topics: Sequence[str],
        group: str,
        publisher: Callable[[], AbstractAsyncContextManager[Publisher]],
        ensure_topics: Callable[[], Awaitable[None]],
        create_retry_topics: Callable[[Sequence[str]], Awaitable[None]] | None = None,
    ) -> None:
        """`ensure_topics` is awaited before each start. With `create_retry_topics` they are unordered."""
        self._address = address
        self._client = client
        self._group = group
        self._open_publisher = publisher
        self._ensure_topics = ensure_topics
        self._create_retry_topics = create_retry_topics
        self._topics = list(topics)
        self._retry_topics = retry_topics(topics, group) if create_retry_topics else []
        self._busy = asyncio.Lock()
        self._work: Work | None = None
        self._full: set[TopicPartition] = set()
        self._committed: dict[TopicPartition, int] = {}
        self._lag = Lag([*self._topics, *self._retry_topics], group)

    async def run(self, handler: Handler, *, max_batch: int = 500) -> None:
        """Runs until cancelled. Loses its membership for no longer than a broker is away."""
        outage = OutageLog(_log, "the subscriber", group=self._group)
        while True:
            consumer = self._consumer()
            try:
                async with AsyncExitStack() as stack:
                    publisher = await stack.enter_async_context(self._open_publisher())
                    self._work = self._new_work(handler, publisher, max_batch)
                    await self._start(consumer)
                    outage.worked()
                    await self._consume_measured(consumer, self._work, max_batch)
            except (KafkaError, MessagingError, OSError) as error:
                outage.failed(error)
                await asyncio.sleep(LONGEST_PAUSE_SECONDS * random.uniform(0.1, 0.3))
            finally:
                await asyncio.shield(asyncio.ensure_future(consumer.stop()))

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Waits for the batch under way. What waits for its turn is read again by the next owner."""
        async with self._busy:
            self._lag.forget(revoked)
            self._full -= revoked
            if self._work is not None:
                self._work.drop(revoked)
            for partition in revoked:
                self._committed.pop(partition, None)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Nothing to do: reading starts at the committed offset."""

    def _consumer(self) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            **self._address.options,
            client_id=self._client,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=SESSION_MILLISECONDS,
            heartbeat_interval_ms=1_000,
            max_poll_interval_ms=300_000,
            fetch_max_wait_ms=POLL_MILLISECONDS,
            metadata_max_age_ms=30_000,
        )
        consumer.subscribe([*self._topics, *self._retry_topics], listener=self)
        return consumer

    async def _start(self, consumer: AIOKafkaConsumer) -> None:
        # Before it joins: of a topic that appears later it would learn after half a minute.
        await self._ensure_topics()
        if self._create_retry_topics is not None:
            await self._create_retry_topics(self._retry_topics)
        await consumer.start()

    def _new_work(self, handler: Handler, publisher: Publisher, max_batch: int) -> Work:
        self._full.clear()
        self._committed.clear()
        ordered = self._create_retry_topics is None
        policy = BlockKey() if ordered else RetryLater(self._topics, self._group, publisher.publish)
        return Work(self._group, Delivery(handler, publisher.publish), policy, max_batch=max_batch)

    async def _consume_measured(self, consumer: AIOKafkaConsumer, work: Work, max_batch: int) -> None:
        measuring = asyncio.create_task(self._lag.measure_for_ever(consumer))
        try:
            await self._consume(consumer, work, max_batch)
        finally:
            await end(measuring)

    async def _consume(self, consumer: AIOKafkaConsumer, work: Work, max_batch: int) -> None:
        while True:
            timeout = _poll_milliseconds(work.seconds_to_due())
            batches: Records = await consumer.getmany(timeout_ms=timeout, max_records=max_batch)
            if batches or work.seconds_to_due() == 0:
                # A full batch would grow no further: who is behind catches up.
                is_full = sum(map(len, batches.values())) >= max_batch
                seconds = 0.0 if is_full else BATCH_INTERVAL_SECONDS
                async with paced(consumer, seconds, self._full), self._busy:
                    await self._handle(consumer, work, self._still_ours(consumer, batches))
                    self._rest(consumer, work)

    async def _handle(self, consumer: AIOKafkaConsumer, work: Work, batches: Records) -> None:
        messages = [_message(record) for of_partition in batches.values() for record in of_partition]
        if messages:
            _BATCH.labels(self._group).observe(len(messages))
        await work.handle(messages)
        read = {tp: of_tp[-1].offset + 1 for tp, of_tp in batches.items()}
        offsets = work.committable(read)
        if not offsets:
            return
        await consumer.commit(dict(offsets))
        self._lag.handled(offsets)
        self._count(offsets, batches)
        if offsets is read:
            self._log_handled(messages)

    def _count(self, offsets: Mapping[TopicPartition, int], batches: Records) -> None:
        for partition, offset in offsets.items():
            first = batches[partition][0].offset if partition in batches else offset
            handled = offset - self._committed.get(partition, first)
            _HANDLED.labels(partition.topic, self._group).inc(max(0, handled))
            self._committed[partition] = offset

    def _log_handled(self, messages: Sequence[Message]) -> None:
        """One line per batch, so that an order can be followed by its ids at little cost."""
        if _log.isEnabledFor(logging.INFO):
            ids = sorted({message.correlation_id for message in messages if message.correlation_id})
            traces = sorted({trace for m in messages if (trace := trace_id_of(m.headers.get(TRACEPARENT)))})
            counts = {"group": self._group, "messages": len(messages)}
            counts |= {"correlation_ids": ids, "trace_ids": traces}
            _log.info("batch handled", extra=counts)

    @staticmethod
    def _still_ours(consumer: AIOKafkaConsumer, batches: Records) -> Records:
        assigned = consumer.assignment()
        return {tp: records for tp, records in batches.items() if tp in assigned and records}

    def _rest(self, consumer: AIOKafkaConsumer, work: Work) -> None:
        """Reads no more of partitions in which too much waits, and goes on where it no longer does."""
        full = {TopicPartition(*partition) for partition in work.full()}
        if full != self._full:
            assigned = consumer.assignment()
            consumer.pause(*(full & assigned))
            consumer.resume(*((self._full - full) & assigned))
            # The same set: the pace reads it when its block ends.
            self._full.clear()
            self._full |= full


def _poll_milliseconds(seconds_to_due: float | None) -> int:
    if seconds_to_due is None:
        return POLL_MILLISECONDS
    return min(POLL_MILLISECONDS, 1 + int(seconds_to_due * 1000))


def _message(record: ConsumerRecord) -> Message:
    position = f"{record.topic}:{record.partition}:{record.offset}"
    headers: Any = record.headers
    return message_of(record.topic, position, record.key, record.value, headers, record.timestamp)
