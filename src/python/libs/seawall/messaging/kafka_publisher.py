"""Publishing to Kafka, pipelined."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError
from prometheus_client import Counter

from seawall.messaging.errors import BrokerUnavailable, PublishFailed
from seawall.messaging.kafka_lots import FAILURES, hand_over
from seawall.messaging.message import Message

_PUBLISHED = Counter("seawall_messages_published_total", "Messages that the broker has stored", ["topic"])

# A relay's session, which holds its lock, may idle for little longer.
CONNECT_SECONDS = 2.0
# What leaves a producer as good as it was; so do errors that aiokafka calls retriable.
_PASSING = (KafkaTimeoutError, MessageSizeTooLargeError, OSError)


class KafkaPublisher:
    """Implements Publisher. Connects at first use.

    A producer that can never publish again is replaced. That is one whose numbering the broker no longer
    accepts, for example: aiokafka does not recover.
    """

    def __init__(
        self,
        open_producer: Callable[[], Awaitable[AIOKafkaProducer]],
        close_producer: Callable[[AIOKafkaProducer], Awaitable[None]],
        *,
        connect_seconds: float = CONNECT_SECONDS,
    ) -> None:
        self._open_producer = open_producer
        self._close_producer = close_producer
        self._connect_seconds = connect_seconds
        self._producer: AIOKafkaProducer | None = None
        self._changing = asyncio.Lock()

    async def open(self) -> None:
        """Connects. Raises BrokerUnavailable."""
        async with self._changing:
            if self._producer is None:
                self._producer = await self._open_producer()

    async def close(self) -> None:
        """Disconnects."""
        async with self._changing:
            producer, self._producer = self._producer, None
            if producer is not None:
                await self._close_producer(producer)

    async def publish(self, messages: Sequence[Message]) -> None:
        """All are under way before the first is waited for. Raises PublishFailed, soon if it is away."""
        try:
            async with asyncio.timeout(self._connect_seconds):
                await self.open()
        except (BrokerUnavailable, TimeoutError) as error:
            raise PublishFailed(list(messages), [], f"the broker is away: {error!r}") from error
        producer = self._producer
        handed = await hand_over(producer, messages)
        await asyncio.gather(*(lot.outcome for lot in handed), return_exceptions=True)
        failures: list[tuple[Message, BaseException]] = []
        for lot in handed:
            failure = lot.outcome.exception()
            if failure is None:
                _PUBLISHED.labels(lot.topic).inc(len(lot.messages))
            else:
                failures += [(message, failure) for message in lot.messages]
        if failures:
            await self._replace_if_broken(producer, [error for _, error in failures])
            raise _publish_failed(failures)

    async def _replace_if_broken(self, producer: AIOKafkaProducer, errors: Sequence[BaseException]) -> None:
        if all(getattr(e, "retriable", False) or isinstance(e, _PASSING) for e in errors):
            return
        if self._producer is producer:
            await self.close()


def _publish_failed(failures: Sequence[tuple[Message, BaseException]]) -> PublishFailed:
    for _, error in failures:
        if not isinstance(error, FAILURES):
            raise error
    hopeless = [message for message, error in failures if isinstance(error, MessageSizeTooLargeError)]
    return PublishFailed([message for message, _ in failures], hopeless, repr(failures[0][1]))
