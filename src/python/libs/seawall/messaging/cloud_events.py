"""CloudEvents 1.0 in Kafka's binary mode: the payload is the value, attributes are `ce_` headers."""

from collections.abc import Sequence

from seawall.messaging.message import Message

CORRELATION_ID = "correlation_id"
_FIXED = [("ce_specversion", b"1.0"), ("content-type", b"application/protobuf")]
_UNREAD = frozenset(name for name, _ in _FIXED)

Headers = Sequence[tuple[str, bytes]]


def headers_of(message: Message) -> list[tuple[str, bytes]]:
    """The headers of a record."""
    headers = [
        *_FIXED,
        ("ce_id", message.id.encode()),
        ("ce_source", message.source.encode()),
        ("ce_type", message.type.encode()),
    ]
    if message.correlation_id is not None:
        headers.append((CORRELATION_ID, message.correlation_id.encode()))
    if message.headers:
        headers += [(name, value.encode()) for name, value in message.headers.items()]
    return headers


def message_of(
    topic: str, position: str, key: bytes | None, value: bytes | None, headers: Headers, time_ms: int
) -> Message:
    """The message in a record. Of one that is no CloudEvent the type is empty, so that nobody decodes it."""
    texts = {name: content.decode("utf-8", "replace") for name, content in headers if name not in _UNREAD}
    pop = texts.pop
    return Message(
        topic,
        (key or b"").decode("utf-8", "replace"),
        pop("ce_type", ""),
        pop("ce_id", "") or position,
        pop("ce_source", ""),
        value or b"",
        pop(CORRELATION_ID, None),
        time_ms,
        texts,
        position,
    )
