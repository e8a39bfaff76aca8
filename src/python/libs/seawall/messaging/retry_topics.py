"""Unordered topics: a message that fails is tried again later, out of the way of the others, then buried."""

import time
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from seawall.messaging.delivery import Publish, bury
from seawall.messaging.failed import DUE, attempts_of, failed
from seawall.messaging.header_numbers import whole_number
from seawall.messaging.message import Message

DELAYS_SECONDS = (1, 2, 4)


def retry_topic(topic: str, group: str, delay_seconds: int) -> str:
    """Where a group's messages of a topic wait for their next attempt."""
    return f"{topic}.{group}.retry-{delay_seconds}s"


def retry_topics(topics: Sequence[str], group: str) -> list[str]:
    """All retry topics of a group."""
    return [retry_topic(topic, group, delay) for topic in topics for delay in DELAYS_SECONDS]


class RetryLater:
    """Failed messages go through the retry topics and end in the dead-letter topic. Order is not kept."""

    def __init__(
        self, topics: Sequence[str], group: str, publish: Publish, now: Callable[[], float] = time.time
    ) -> None:
        self._first = {retry: topic for topic in topics for retry in retry_topics([topic], group)}
        self._group = group
        self._publish = publish
        self._now = now

    def received(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Those from retry topics as their handler knows them: of their first topic."""
        return [replace(m, topic=self._first[m.topic]) if m.topic in self._first else m for m in messages]

    def lane(self, message: Message) -> str:
        """Each message for itself."""
        return message.position

    def early(self, messages: Sequence[Message]) -> Mapping[str, float]:
        """Those from retry topics that are not due."""
        delays = {m.position: self._delay_seconds(m) for m in messages if DUE in m.headers}
        return {position: seconds for position, seconds in delays.items() if seconds > 0}

    async def divert(self, failures: Sequence[tuple[Message, Exception]]) -> bool:
        """To the next topic. Raises PublishFailed: then nothing may be committed."""
        retried, dead = [], []
        for message, error in failures:
            tried = attempts_of(message)
            if tried < len(DELAYS_SECONDS):
                retried.append(self._retried(message, error, DELAYS_SECONDS[tried]))
            else:
                dead.append((message, error))
        if retried:
            await self._publish(retried)
        if dead:
            await bury(self._publish, dead)
        return True

    def _retried(self, message: Message, error: Exception, delay: int) -> Message:
        due_ms = int((self._now() + delay) * 1000)
        topic = retry_topic(message.topic, self._group, delay)
        return failed(message, error, topic, **{DUE: str(due_ms)})

    def _delay_seconds(self, message: Message) -> float:
        # Never longer than its topic says: the clocks of two processes may differ.
        due_ms, tried = whole_number(message.headers[DUE]), attempts_of(message)
        if due_ms is None or not 0 < tried <= len(DELAYS_SECONDS):
            return 0.0
        return min(due_ms / 1000 - self._now(), DELAYS_SECONDS[tried - 1])
