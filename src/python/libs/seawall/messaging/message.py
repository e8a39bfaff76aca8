"""A message: a protobuf event or command, and what travels with it."""

import time
import uuid
from collections.abc import Mapping

import msgspec
from google.protobuf.message import Message as ProtobufMessage

from seawall.telemetry import TRACEPARENT, current_correlation_id, current_traceparent

# An absolute time, since a message may wait for long in between.
DEADLINE = "deadline_ms"


class Message(msgspec.Struct, frozen=True, gc=False):
    """What is published and handled. (source, id) names it, however often it is delivered.

    Messages with one key keep their order. `type` is the full name of the protobuf message.
    `position` is where it was read, as topic:partition:offset; empty in one that is not published yet.
    """

    topic: str
    key: str
    type: str
    id: str
    source: str
    payload: bytes
    correlation_id: str | None
    time_ms: int
    headers: Mapping[str, str] = {}
    position: str = ""


def outgoing(
    topic: str,
    key: str,
    event: ProtobufMessage,
    *,
    source: str,
    id: str | None = None,  # noqa: A002
    deadline_ms: int | None = None,
) -> Message:
    """A message to publish, with the correlation id and the trace of what is being worked on.

    Give an `id` where a repetition must be known as such; else it gets a random one. After `deadline_ms`
    (Unix time in milliseconds) nobody waits for what it asks for; the current deadline is not taken over.
    """
    return Message(
        topic=topic,
        key=key,
        type=event.DESCRIPTOR.full_name,
        id=id or uuid.uuid4().hex,
        source=source,
        payload=event.SerializeToString(),
        correlation_id=current_correlation_id(),
        time_ms=time.time_ns() // 1_000_000,
        headers=_headers(current_traceparent(), deadline_ms),
    )


def _headers(traceparent: str | None, deadline_ms: int | None) -> dict[str, str]:
    headers = {}
    if traceparent is not None:
        headers[TRACEPARENT] = traceparent
    if deadline_ms is not None:
        headers[DEADLINE] = str(deadline_ms)
    return headers
