"""Publishing to Kafka, pipelined."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from prometheus_client import Counter

from seawall.messaging.cloud_events import headers_of
from seawall.messaging.errors import PublishFailed
from seawall.messaging.message import Message

_PUBLISHED = Counter("seawall_messages_published_total", "Messages that the broker has stored", ["topic"])


class KafkaPublisher:
    """Implements Publisher."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def publish(self, messages: Sequence[Message]) -> None:
        """All are under way before the first is waited for. Raises PublishFailed."""
        outcomes = await asyncio.gather(*[await self._begin(m) for m in messages], return_exceptions=True)
        failed, hopeless, reason = [], [], ""
        for message, outcome in zip(messages, outcomes, strict=True):
            if not isinstance(outcome, BaseException):
                _PUBLISHED.labels(message.topic).inc()
                continue
            if not isinstance(outcome, (KafkaError, OSError, TimeoutError)):
                raise outcome
            failed.append(message)
            reason = reason or repr(outcome)
            if isinstance(outcome, MessageSizeTooLargeError):
                hopeless.append(message)
        if failed:
            raise PublishFailed(failed, hopeless, reason)

    async def _begin(self, message: Message) -> "asyncio.Future[object]":
        try:
            return await self._producer.send(  # type: ignore[no-any-return]
                message.topic,
                message.payload,
                message.key.encode(),
                timestamp_ms=message.time_ms,
                headers=headers_of(message),
            )
        except (KafkaError, OSError) as error:
            refused: asyncio.Future[object] = asyncio.get_running_loop().create_future()
            refused.set_exception(error)
            return refused
