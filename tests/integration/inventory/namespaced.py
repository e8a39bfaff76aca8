"""A broker of which each test has its own corner: topics and groups get a prefix."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from msgspec.structs import replace

from seawall.messaging import Broker, Message, Publisher, Subscriber, open_broker


class _Publisher:
    def __init__(self, publisher: Publisher, prefix: str) -> None:
        self._publisher = publisher
        self._prefix = prefix

    async def publish(self, messages: Sequence[Message]) -> None:
        await self._publisher.publish([replace(m, topic=self._prefix + m.topic) for m in messages])


class NamespacedBroker:
    """The Broker port, with a prefix before all names. Messages show the full name of their topic."""

    def __init__(self, broker: Broker, prefix: str) -> None:
        self._broker = broker
        self._prefix = prefix

    @asynccontextmanager
    async def publisher(self) -> AsyncIterator[Publisher]:
        async with self._broker.publisher() as publisher:
            yield _Publisher(publisher, self._prefix)

    def subscriber(self, topics: Sequence[str], group: str, *, ordered: bool = True) -> Subscriber:
        names = [self._prefix + topic for topic in topics]
        return self._broker.subscriber(names, self._prefix + group, ordered=ordered)

    async def ensure_topics(self, partitions: Mapping[str, int]) -> None:
        await self._broker.ensure_topics({self._prefix + name: n for name, n in partitions.items()})

    async def ping(self) -> None:
        await self._broker.ping()


def namespaced(prefix: str) -> Callable[..., AbstractAsyncContextManager[Broker]]:
    """What opens a broker within a corner."""

    @asynccontextmanager
    async def open_namespaced(
        url: str, *, client: str, topics: Mapping[str, int] | None = None
    ) -> AsyncIterator[Broker]:
        names = {f"{prefix}.{name}": count for name, count in (topics or {}).items()}
        async with open_broker(url, client=client, topics=names) as broker:
            yield NamespacedBroker(broker, f"{prefix}.")

    return open_namespaced
