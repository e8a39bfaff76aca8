"""The whole contract with a broker. Each adapter passes one contract suite on its real server."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from seawall.messaging.message import Message

Handler = Callable[[Sequence[Message]], Awaitable[None]]


class Publisher(Protocol):
    """Sends messages."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Returns when the broker has stored all of them, on all replicas. Raises PublishFailed."""


class Subscriber(Protocol):
    """Receives the messages of some topics as a member of a group."""

    async def run(self, handler: Handler, *, max_batch: int = 500) -> None:
        """Hands batches to the handler until cancelled; messages with one key come in order.

        At least once: a batch counts as handled when the handler has returned and the broker knows.
        If the handler raises, the batch comes again after a pause, partition by partition, so that
        a bad message holds up its own partition only. If it raises Undecodable, that one message goes
        to the dead-letter topic `<topic>.dlt` and the others come again at once.
        """


class Broker(Protocol):
    """A broker that has been opened."""

    def publisher(self) -> AbstractAsyncContextManager[Publisher]:
        """A publisher, for the length of a block."""

    def subscriber(self, topics: Sequence[str], group: str) -> Subscriber:
        """A member of a group. The members share the topics' partitions."""

    async def ensure_topics(self, partitions: Mapping[str, int]) -> None:
        """Creates what is missing, dead-letter topics included. Waits for a broker that is starting."""

    async def ping(self) -> None:
        """Returns when the broker answers. Raises BrokerUnavailable."""
