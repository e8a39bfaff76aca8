"""A member of a Kafka consumer group."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from msgspec.structs import replace
from prometheus_client import Counter, Histogram

from seawall.messaging.cloud_events import message_of
from seawall.messaging.errors import MessagingError, Undecodable
from seawall.messaging.kafka_cadence import paced
from seawall.messaging.kafka_lag import Lag
from seawall.messaging.message import Message
from seawall.messaging.ports import Handler, Publisher

POLL_MILLISECONDS = 500
# The partitions of a member that is killed idle for this long. A broker takes no less by default
# (group.min.session.timeout.ms); it leaves five heartbeats to a loop that is busy.
SESSION_MILLISECONDS = 6_000
BATCH_INTERVAL_SECONDS = 0.02
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0

_HANDLED = Counter("seawall_messages_handled_total", "Messages handled and committed", ["topic", "group"])
_DEAD = Counter("seawall_messages_dead_lettered_total", "Messages moved to a dead-letter topic", ["topic"])
_FAILED = Counter("seawall_message_batches_failed_total", "Batches that will come again", ["group"])
_BATCH = Histogram(
    "seawall_message_batch", "Messages per batch", ["group"], buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
_log = logging.getLogger(__name__)

Records = dict[TopicPartition, list[ConsumerRecord]]


def dead_letter_topic(topic: str) -> str:
    """Where the messages of a topic go that nobody can read."""
    return f"{topic}.dlt"


class KafkaSubscriber(ConsumerRebalanceListener):  # type: ignore[misc]
    """Implements Subscriber.

    A batch under way is finished and committed before its partitions are given to another member.
    """

    def __init__(
        self,
        bootstrap: str,
        client: str,
        topics: Sequence[str],
        group: str,
        publisher: Callable[[], AbstractAsyncContextManager[Publisher]],
    ) -> None:
        self._bootstrap = bootstrap
        self._client = client
        self._topics = list(topics)
        self._group = group
        self._open_publisher = publisher
        self._busy = asyncio.Lock()
        self._pauses: dict[TopicPartition, float] = {}
        self._resume_at: dict[TopicPartition, float] = {}
        self._lag = Lag(self._topics, group)

    async def run(self, handler: Handler, *, max_batch: int = 500) -> None:
        """Runs until cancelled. Loses its membership for no longer than a broker is away."""
        while True:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._bootstrap,
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
            consumer.subscribe(self._topics, listener=self)
            try:
                async with AsyncExitStack() as dead_letters:
                    await consumer.start()
                    await self._consume_measured(consumer, handler, max_batch, dead_letters)
            except (KafkaError, MessagingError, OSError) as error:
                _log.warning("the broker failed, trying again", extra={"error": repr(error)})
                await asyncio.sleep(LONGEST_PAUSE_SECONDS * random.uniform(0.1, 0.3))
            finally:
                await asyncio.shield(asyncio.ensure_future(consumer.stop()))

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Waits for the batch under way."""
        async with self._busy:
            self._lag.forget(revoked)
            for partition in revoked:
                self._pauses.pop(partition, None)
                self._resume_at.pop(partition, None)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Nothing to do: reading starts at the committed offset."""

    async def _consume_measured(
        self, consumer: AIOKafkaConsumer, handler: Handler, max_batch: int, dead_letters: AsyncExitStack
    ) -> None:
        measuring = asyncio.create_task(self._lag.measure_for_ever(consumer))
        try:
            await self._consume(consumer, handler, max_batch, dead_letters)
        finally:
            measuring.cancel()
            await asyncio.wait({measuring})

    async def _consume(
        self, consumer: AIOKafkaConsumer, handler: Handler, max_batch: int, dead_letters: AsyncExitStack
    ) -> None:
        delivery = _Delivery(handler, self._open_publisher, dead_letters)
        while True:
            self._resume(consumer)
            timeout = min([POLL_MILLISECONDS, *self._milliseconds_to_resume()])
            batches: Records = await consumer.getmany(timeout_ms=timeout, max_records=max_batch)
            if batches:
                async with paced(consumer, BATCH_INTERVAL_SECONDS, self._resume_at), self._busy:
                    await self._handle(consumer, delivery, self._still_ours(consumer, batches))

    async def _handle(self, consumer: AIOKafkaConsumer, delivery: "_Delivery", batches: Records) -> None:
        if len(batches) > 1 and await self._try(consumer, delivery, batches):
            return
        for partition, records in batches.items():
            if not await self._try(consumer, delivery, {partition: records}):
                self._hold(consumer, partition, records[0].offset)

    async def _try(self, consumer: AIOKafkaConsumer, delivery: "_Delivery", batches: Records) -> bool:
        records = [record for of_partition in batches.values() for record in of_partition]
        if not records:
            return True
        _BATCH.labels(self._group).observe(len(records))
        try:
            messages = [_message(record) for record in records]
            await delivery(messages)
        except Exception as error:
            _FAILED.labels(self._group).inc()
            _log.warning(
                "a batch failed and comes again",
                exc_info=error,
                extra={"group": self._group, "messages": len(records)},
            )
            return False
        offsets = {tp: of_tp[-1].offset + 1 for tp, of_tp in batches.items()}
        await consumer.commit(offsets)
        self._lag.handled(offsets)
        for partition, of_partition in batches.items():
            self._pauses.pop(partition, None)
            _HANDLED.labels(partition.topic, self._group).inc(len(of_partition))
        self._log_handled(messages)
        return True

    def _log_handled(self, messages: Sequence[Message]) -> None:
        """One line per batch, so that an order can be followed by its correlation id at little cost."""
        if _log.isEnabledFor(logging.INFO):
            ids = sorted({message.correlation_id for message in messages if message.correlation_id})
            counts = {"group": self._group, "messages": len(messages), "correlation_ids": ids}
            _log.info("batch handled", extra=counts)

    @staticmethod
    def _still_ours(consumer: AIOKafkaConsumer, batches: Records) -> Records:
        assigned = consumer.assignment()
        return {tp: records for tp, records in batches.items() if tp in assigned and records}

    def _hold(self, consumer: AIOKafkaConsumer, partition: TopicPartition, offset: int) -> None:
        if partition not in consumer.assignment():
            return
        pause = min(self._pauses.get(partition, FIRST_PAUSE_SECONDS / 2) * 2, LONGEST_PAUSE_SECONDS)
        self._pauses[partition] = pause
        self._resume_at[partition] = asyncio.get_running_loop().time() + pause * random.uniform(0.5, 1)
        consumer.seek(partition, offset)
        consumer.pause(partition)

    def _resume(self, consumer: AIOKafkaConsumer) -> None:
        now = asyncio.get_running_loop().time()
        for partition in [tp for tp, at in self._resume_at.items() if at <= now]:
            del self._resume_at[partition]
            if partition in consumer.assignment():
                consumer.resume(partition)

    def _milliseconds_to_resume(self) -> list[int]:
        now = asyncio.get_running_loop().time()
        return [max(1, int((at - now) * 1000)) for at in self._resume_at.values()]


class _Delivery:
    """Hands messages to the handler, without those that nobody can read."""

    def __init__(
        self,
        handler: Handler,
        open_publisher: Callable[[], AbstractAsyncContextManager[Publisher]],
        owner: AsyncExitStack,
    ) -> None:
        self._handler = handler
        self._open_publisher = open_publisher
        self._owner = owner
        self._publisher: Publisher | None = None

    async def __call__(self, messages: list[Message]) -> None:
        while messages:
            try:
                await self._handler(messages)
            except Undecodable as error:
                rest = [m for m in messages if m.position != error.message.position]
                if len(rest) == len(messages):
                    raise  # It blames a message that it was not given: a failure like any other.
                await self._bury(error)
                messages = rest
            else:
                return

    async def _bury(self, error: Undecodable) -> None:
        # If this fails the batch fails: a message is never dropped because its grave was not ready.
        if self._publisher is None:
            self._publisher = await self._owner.enter_async_context(self._open_publisher())
        message = error.message
        headers = {**message.headers, "dlt_position": message.position, "dlt_reason": error.reason[:500]}
        await self._publisher.publish(
            [replace(message, topic=dead_letter_topic(message.topic), headers=headers)]
        )
        _DEAD.labels(message.topic).inc()
        _log.error("message moved to the dead-letter topic", extra={"error": str(error)})


def _message(record: ConsumerRecord) -> Message:
    position = f"{record.topic}:{record.partition}:{record.offset}"
    headers: Any = record.headers
    return message_of(record.topic, position, record.key, record.value, headers, record.timestamp)
