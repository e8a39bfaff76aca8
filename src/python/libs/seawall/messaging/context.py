"""What travels beside a message: the trace that it belongs to, and until when it makes sense."""

from collections.abc import Iterator
from contextlib import contextmanager

from seawall.messaging.header_numbers import whole_number
from seawall.messaging.message import DEADLINE, TRACEPARENT, Message
from seawall.telemetry import bind_correlation_id, bind_traceparent


@contextmanager
def working_on(message: Message) -> Iterator[None]:
    """For the block, correlation id and trace are the message's: `outgoing` and the logs take them."""
    with bind_correlation_id(message.correlation_id), bind_traceparent(message.headers.get(TRACEPARENT)):
        yield


def deadline_ms_of(message: Message) -> int | None:
    """The Unix time in milliseconds after which nobody waits for it; None without one that can be read."""
    return whole_number(message.headers.get(DEADLINE, ""))


def expired(message: Message, now_ms: int) -> bool:
    """Whether its deadline has passed. Drop only what its sender repeats or gives up by itself."""
    deadline_ms = deadline_ms_of(message)
    return deadline_ms is not None and deadline_ms <= now_ms
