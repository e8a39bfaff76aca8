"""A publisher that connects when it is needed: most members never write a dead letter."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from seawall.messaging.message import Message
from seawall.messaging.ports import Publisher


class LatePublisher:
    """Implements Publisher. Opened at first use, and closed with `owner`."""

    def __init__(
        self, open_publisher: Callable[[], AbstractAsyncContextManager[Publisher]], owner: AsyncExitStack
    ) -> None:
        self._open = open_publisher
        self._owner = owner
        self._publisher: Publisher | None = None

    async def publish(self, messages: Sequence[Message]) -> None:
        """As the publisher does; raises too what opening raises."""
        if self._publisher is None:
            self._publisher = await self._owner.enter_async_context(self._open())
        await self._publisher.publish(messages)
