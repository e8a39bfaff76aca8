"""Spans of messages whose trace is sampled. Where none is, this costs a look at each."""

import time
from collections.abc import Sequence

from seawall.messaging.message import Message
from seawall.telemetry import TRACEPARENT, Kind, is_sampled, record_span, trace_id_of


def handled(messages: Sequence[Message], began_ns: int) -> None:
    """`process <topic>`: the batch that a message was handled in, from its beginning until now."""
    for message, traceparent in _sampled(messages):
        _until_now(f"process {message.topic}", Kind.CONSUMER, traceparent, began_ns)


def published(messages: Sequence[Message]) -> None:
    """`publish <topic>`: from when a message was written until now: its wait in the outbox is seen."""
    for message, traceparent in _sampled(messages):
        _until_now(f"publish {message.topic}", Kind.PRODUCER, traceparent, message.time_ms * 1_000_000)


def _sampled(messages: Sequence[Message]) -> list[tuple[Message, str]]:
    pairs = [(message, message.headers.get(TRACEPARENT)) for message in messages]
    return [(m, parent) for m, parent in pairs if parent and is_sampled(parent) and trace_id_of(parent)]


def _until_now(name: str, kind: Kind, traceparent: str, began_ns: int) -> None:
    now_ns = time.time_ns()
    # The beginning may be another clock's.
    record_span(name, kind, traceparent, began_ns=min(began_ns, now_ns), ended_ns=now_ns)
