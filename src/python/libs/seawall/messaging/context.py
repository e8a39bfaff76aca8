"""What travels beside a message: the trace that it belongs to, and until when it makes sense."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from seawall.messaging.header_numbers import whole_number
from seawall.messaging.message import DEADLINE, Message
from seawall.resilience import bind_deadline, current_deadline
from seawall.telemetry import TRACEPARENT, Origin, bind_correlation_id, bind_traceparent


@contextmanager
def working_on(message: Message, *, clock: Callable[[], float] = time.time) -> Iterator[None]:
    """For the block, correlation id, trace and deadline are the message's, for logs, calls and statements.

    `clock` tells the Unix time: a DatabaseClock's, where wall clocks may jump. Raises DeadlineExceeded,
    before the block, if too little time is left: a message that ends so goes to the dead-letter topic.
    """
    with bind_correlation_id(message.correlation_id), bind_traceparent(message.headers.get(TRACEPARENT)):
        deadline_ms = deadline_ms_of(message)
        if deadline_ms is None:
            yield
            return
        with bind_deadline(deadline_ms / 1000 - clock()) as deadline:
            deadline.check()
            yield


def current_deadline_ms(clock: Callable[[], float] = time.time) -> int | None:
    """The Unix time in milliseconds of the current deadline; None without one.

    For `outgoing(..., deadline_ms=...)` where the sender waits for what it asks for, and only there:
    a message is a promise that outlives the request which made it (docs/adr/0027).
    """
    deadline = current_deadline()
    return None if deadline is None else int((clock() + deadline.remaining_seconds()) * 1000)


def origin_of(message: Message) -> Origin:
    """What the message belongs to, for what is answered in a batch with others."""
    return Origin(message.correlation_id, message.headers.get(TRACEPARENT))


def headers_of(origin: Origin) -> dict[str, str]:
    """The headers of a message that is not made by `outgoing`."""
    return {} if origin.traceparent is None else {TRACEPARENT: origin.traceparent}


def deadline_ms_of(message: Message) -> int | None:
    """The Unix time in milliseconds after which nobody waits for it; None without one that can be read."""
    return whole_number(message.headers.get(DEADLINE, ""))


def expired(message: Message, now_ms: int) -> bool:
    """Whether its deadline has passed. Drop only what its sender repeats or gives up by itself."""
    deadline_ms = deadline_ms_of(message)
    return deadline_ms is not None and deadline_ms <= now_ms
