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
        """Hands batches to the handler until cancelled. At least once.

        A message counts as handled when the handler has returned and the broker knows. A batch that fails
        is halved until what fails stands alone, so a handler must undo a batch for which it raises. In
        ordered topics the key of a failed message waits until it works; all others go on, within bounds
        (see Parked). In unordered ones it goes through `<topic>.<group>.retry-1s`, `-2s` and `-4s` and
        ends in `<topic>.dlt`. Undecodable moves a message there at once.
        """


class Broker(Protocol):
    """A broker that has been opened."""

    def publisher(self) -> AbstractAsyncContextManager[Publisher]:
        """A publisher, for the length of a block."""

    def subscriber(self, topics: Sequence[str], group: str, *, ordered: bool = True) -> Subscriber:
        """A member of a group. The members share the topics' partitions.

        `ordered` says that messages with one key must be handled in their order. All members say the same.
        """

    async def ensure_topics(self, partitions: Mapping[str, int]) -> None:
        """Creates what is missing, dead-letter topics included. Waits for a broker that is starting."""

    async def ping(self) -> None:
        """Returns when the broker answers. Raises BrokerUnavailable."""
