"""A broker within one process, for tests of services: it passes the contract suite that Kafka passes."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager

from msgspec.structs import replace

from seawall.messaging.errors import PublishFailed
from seawall.messaging.failed import dead_letter_topic
from seawall.messaging.kafka_lots import MAX_MESSAGE_BYTES, partition_of
from seawall.messaging.memory_group import Group
from seawall.messaging.memory_subscriber import MemorySubscriber
from seawall.messaging.message import Message
from seawall.messaging.ports import Publisher, Subscriber
from seawall.messaging.position import Partition


class MemoryBroker:
    """Implements Broker. Nothing outlives it, and only its own process sees it.

    While a topic is in `refusing`, what is published to it fails.
    """

    def __init__(self) -> None:
        self.refusing: set[str] = set()
        self._topics: dict[str, list[list[Message]]] = {}
        self._groups: dict[str, Group] = {}
        self._watching: set[asyncio.Event] = set()

    @asynccontextmanager
    async def open(
        self, url: str, *, client: str, topics: Mapping[str, int] | None = None
    ) -> AsyncIterator["MemoryBroker"]:
        """This broker, in the place of `open_broker`."""
        await self.ensure_topics(topics or {})
        yield self

    @asynccontextmanager
    async def publisher(self) -> AsyncIterator[Publisher]:
        """A publisher."""
        yield self

    def subscriber(self, topics: Sequence[str], group: str, *, ordered: bool = True) -> Subscriber:
        """A member of a group."""
        return MemorySubscriber(self, topics, group, self._groups.setdefault(group, Group()), ordered)

    async def ensure_topics(self, partitions: Mapping[str, int]) -> None:
        """Creates what is missing, and a dead-letter topic beside each."""
        for name, count in partitions.items():
            self.create(name, count)
            self.create(dead_letter_topic(name), 1)

    async def ping(self) -> None:
        """It is always there."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Raises PublishFailed: a topic is missing or refuses, or a message is too large."""
        failed, hopeless = [], []
        for message in messages:
            if len(message.payload) + len(message.key) > MAX_MESSAGE_BYTES:
                hopeless.append(message)
            elif message.topic in self.refusing or message.topic not in self._topics:
                failed.append(message)
            else:
                self._store(message)
        self.wake()
        if failed or hopeless:
            raise PublishFailed([*failed, *hopeless], hopeless, "refused")

    def messages(self, topic: str) -> list[Message]:
        """All that a topic holds, partition by partition."""
        return [message for partition in self._topics[topic] for message in partition]

    def create(self, name: str, partitions: int) -> None:
        """A topic, if it is missing."""
        if name not in self._topics:
            self._topics[name] = [[] for _ in range(partitions)]
            self.wake()

    def partitions(self, topics: Iterable[str]) -> list[Partition]:
        """Those of the topics that exist."""
        return [(name, number) for name in topics for number in range(len(self._topics.get(name, ())))]

    def read(self, partition: Partition, offset: int, most: int) -> list[Message]:
        """The messages of a partition from an offset on."""
        topic, number = partition
        return self._topics[topic][number][offset : offset + most]

    @contextmanager
    def watching(self, changed: asyncio.Event) -> Iterator[None]:
        """Sets the event at each change, for the length of a block."""
        self._watching.add(changed)
        try:
            yield
        finally:
            self._watching.discard(changed)

    def wake(self) -> None:
        """Tells all who watch that something has changed."""
        for changed in self._watching:
            changed.set()

    def _store(self, message: Message) -> None:
        partitions = self._topics[message.topic]
        number = partition_of(message.key.encode(), len(partitions))
        position = f"{message.topic}:{number}:{len(partitions[number])}"
        partitions[number].append(replace(message, position=position))
