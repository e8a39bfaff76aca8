"""Handing messages to a handler, without those that nobody can read or waits for."""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from prometheus_client import Counter

from seawall.messaging.context import expired
from seawall.messaging.errors import Undecodable
from seawall.messaging.failed import buried
from seawall.messaging.message import Message
from seawall.messaging.ports import Handler
from seawall.messaging.spans import handled
from seawall.resilience import DeadlineExceeded

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
    """Calls the handler until it has taken all messages, or fails by another error than Undecodable.

    A message that fails alone by DeadlineExceeded when its own deadline is over is buried, too: nobody waits.
    """

    def __init__(self, handler: Handler, publish: Publish, now: Callable[[], float] = time.time) -> None:
        self._handler = handler
        self._publish = publish
        self._now = now
        self._buried: set[str] = set()

    async def __call__(self, messages: Sequence[Message]) -> None:
        """Raises what the handler raises, and PublishFailed if a dead letter cannot be written."""
        if self._buried:
            messages = [m for m in messages if m.position not in self._buried]
        while messages:
            began_ns = time.time_ns()
            try:
                await self._handler(messages)
            except Undecodable as error:
                rest = [m for m in messages if m.position != error.message.position]
                if len(rest) == len(messages):
                    raise  # It blames a message that it was not given: a failure like any other.
                await self._bury(error.message, error)
                messages = rest
            except DeadlineExceeded as error:
                if len(messages) > 1 or not expired(messages[0], int(self._now() * 1000)):
                    raise
                await self._bury(messages[0], error)
                return
            else:
                handled(messages, began_ns)
                return

    async def _bury(self, message: Message, error: Exception) -> None:
        await bury(self._publish, [(message, error)])
        # Its neighbours may fail and come again; it would get a second grave.
        self._buried.add(message.position)

    def forget(self) -> None:
        """All that was handed over is done with, or belongs to another member."""
        self._buried.clear()
