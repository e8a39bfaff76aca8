"""Handing messages to a handler, without those that nobody can read."""

import logging
from collections.abc import Awaitable, Callable, Sequence

from prometheus_client import Counter

from seawall.messaging.errors import Undecodable
from seawall.messaging.failed import buried
from seawall.messaging.message import Message
from seawall.messaging.ports import Handler

Publish = Callable[[Sequence[Message]], Awaitable[None]]

_DEAD = Counter("seawall_messages_dead_lettered_total", "Messages moved to a dead-letter topic", ["topic"])
_log = logging.getLogger(__name__)


async def bury(publish: Publish, failures: Sequence[tuple[Message, Exception]]) -> None:
    """Moves messages to their dead-letter topics. If that fails it raises: none is dropped unburied."""
    graves = [buried(message, error) for message, error in failures]
    await publish(graves)
    for grave, (_, error) in zip(graves, failures, strict=True):
        _DEAD.labels(grave.topic.removesuffix(".dlt")).inc()
        _log.error("message moved to the dead-letter topic", extra={"id": grave.id, "error": str(error)})


class Delivery:
    """Calls the handler until it has taken all messages, or fails by another error than Undecodable."""

    def __init__(self, handler: Handler, publish: Publish) -> None:
        self._handler = handler
        self._publish = publish
        self._buried: set[str] = set()

    async def __call__(self, messages: Sequence[Message]) -> None:
        """Raises what the handler raises, and PublishFailed if a dead letter cannot be written."""
        if self._buried:
            messages = [m for m in messages if m.position not in self._buried]
        while messages:
            try:
                await self._handler(messages)
            except Undecodable as error:
                rest = [m for m in messages if m.position != error.message.position]
                if len(rest) == len(messages):
                    raise  # It blames a message that it was not given: a failure like any other.
                await bury(self._publish, [(error.message, error)])
                # Its neighbours may fail and come again; it would get a second grave.
                self._buried.add(error.message.position)
                messages = rest
            else:
                return

    def forget(self) -> None:
        """All that was handed over is done with, or belongs to another member."""
        self._buried.clear()
