"""Kafka as a broker, by aiokafka."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from seawall.messaging.errors import BrokerUnavailable
from seawall.messaging.failed import dead_letter_topic
from seawall.messaging.kafka_address import KafkaAddress
from seawall.messaging.kafka_clients import START_SECONDS, started, stop_producer
from seawall.messaging.kafka_lots import MAX_MESSAGE_BYTES
from seawall.messaging.kafka_pace import pace_metadata
from seawall.messaging.kafka_publisher import KafkaPublisher
from seawall.messaging.kafka_subscriber import KafkaSubscriber
from seawall.messaging.needed_topics import NeededTopics
from seawall.messaging.ports import Publisher, Subscriber

PING_SECONDS = 2.0
# What failed is little, as a rule; a group with more members than this has some that do not retry.
RETRY_PARTITIONS = 2


class KafkaBroker:
    """Implements Broker. `topics` are created before first use."""

    def __init__(self, address: KafkaAddress, client: str, topics: Mapping[str, int]) -> None:
        self._address = address
        self._client = client
        self._needed = NeededTopics(partial(self.ensure_topics, within_seconds=0), topics)
        self._pinger: AIOKafkaClient | None = None
        self._pinging = asyncio.Lock()

    @asynccontextmanager
    async def publisher(self) -> AsyncIterator[Publisher]:
        """A publisher: acknowledged by all replicas in sync, without duplicates by its own retries."""
        publisher = KafkaPublisher(self._producer, stop_producer)
        try:
            yield publisher
        finally:
            await asyncio.shield(asyncio.ensure_future(publisher.close()))

    def subscriber(self, topics: Sequence[str], group: str, *, ordered: bool = True) -> Subscriber:
        """A member of a group. Of unordered topics it creates the group's retry topics when it runs."""
        create = None if ordered else self._create_retry_topics
        return KafkaSubscriber(
            self._address, self._client, topics, group, self.publisher, self._needed.ensure, create
        )

    async def ensure_topics(
        self, partitions: Mapping[str, int], *, within_seconds: float = START_SECONDS
    ) -> None:
        """Creates what is missing, and a dead-letter topic beside each. Raises BrokerUnavailable."""
        wanted = [_topic(name, count) for name, count in partitions.items()]
        wanted += [_topic(dead_letter_topic(name), 1) for name in partitions]
        await self._create(wanted, within_seconds)

    async def _create_retry_topics(self, names: Sequence[str]) -> None:
        await self._create([_topic(name, RETRY_PARTITIONS) for name in names], within_seconds=0)

    async def _create(self, wanted: Sequence[NewTopic], within_seconds: float) -> None:
        admin = await started(
            lambda: AIOKafkaAdminClient(**self._address.options, client_id=self._client),
            AIOKafkaAdminClient.close,
            within_seconds,
        )
        try:
            reply = await admin.create_topics(list(wanted))
            for topic, code, *_ in reply.topic_errors:
                if code and for_code(code) is not TopicAlreadyExistsError:
                    raise BrokerUnavailable(f"topic {topic} cannot be created: {for_code(code).__name__}")
        finally:
            await admin.close()

    async def ping(self) -> None:
        """Asks for the cluster's metadata, over one connection that is kept."""
        async with self._pinging:
            try:
                async with asyncio.timeout(PING_SECONDS):
                    await self._metadata()
            except (KafkaError, OSError, TimeoutError) as error:
                await self.close()
                raise BrokerUnavailable(f"no answer of {self._address.bootstrap}: {error!r}") from error

    async def close(self) -> None:
        """Closes what ping has opened."""
        pinger, self._pinger = self._pinger, None
        if pinger is not None:
            await pinger.close()

    async def _metadata(self) -> None:
        if self._pinger is None:
            self._pinger = AIOKafkaClient(**self._address.options, client_id=self._client)
            await self._pinger.bootstrap()
        await self._pinger.fetch_all_metadata()

    async def _producer(self) -> AIOKafkaProducer:
        await self._needed.ensure()
        return await started(self._make_producer, stop_producer)

    def _make_producer(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **self._address.options,
            client_id=self._client,
            acks="all",
            enable_idempotence=True,
            max_request_size=MAX_MESSAGE_BYTES,
            max_batch_size=262_144,
            request_timeout_ms=10_000,
        )
        pace_metadata(producer.client)
        return producer


def _topic(name: str, partitions: int) -> NewTopic:
    # -1 is the cluster's own replication factor; aiokafka takes it only with (empty) assignments.
    return NewTopic(name, partitions, -1, replica_assignments={})
