"""What a message carries that failed: where it was first, how often it was tried, and why it failed."""

from collections.abc import Mapping

from msgspec.structs import replace

from seawall.messaging.errors import Undecodable
from seawall.messaging.header_numbers import whole_number
from seawall.messaging.message import DEADLINE, Message
from seawall.messaging.position import Position

TOPIC, PARTITION, OFFSET = "original_topic", "original_partition", "original_offset"
ATTEMPT, ERROR, REASON = "attempt", "error_class", "error_reason"
DUE = "due_ms"
_OURS = {TOPIC, PARTITION, OFFSET, ATTEMPT, ERROR, REASON, DUE}
REASON_CHARACTERS = 500


def dead_letter_topic(topic: str) -> str:
    """Where the messages of a topic end that cannot be handled."""
    return f"{topic}.dlt"


def attempts_of(message: Message) -> int:
    """How often it was tried before."""
    return whole_number(message.headers.get(ATTEMPT, "")) or 0


def failed(message: Message, error: Exception, topic: str, **more: str) -> Message:
    """The message as it goes to `topic` after one more attempt. Its first position stays in it."""
    position = Position.of(message.position)
    headers = {
        TOPIC: position.topic,
        PARTITION: str(position.partition),
        OFFSET: str(position.offset),
        **message.headers,
        ATTEMPT: str(attempts_of(message) + 1),
        ERROR: type(error).__name__,
        REASON: _reason(error)[:REASON_CHARACTERS],
        **more,
    }
    return replace(message, topic=topic, headers=headers, position="")


def buried(message: Message, error: Exception) -> Message:
    """The message as it goes to the dead-letter topic."""
    return failed(message, error, dead_letter_topic(message.topic))


def first_position(headers: Mapping[str, str]) -> str:
    """Where a failed message was first, as topic:partition:offset; empty in one that is no such message."""
    parts = [headers.get(name, "") for name in (TOPIC, PARTITION, OFFSET)]
    return ":".join(parts) if all(parts) else ""


def headers_to_replay(headers: Mapping[str, str]) -> dict[str, str]:
    """Those that it was published with, without its deadline: whoever sends it again waits again."""
    return {name: text for name, text in headers.items() if name not in _OURS and name != DEADLINE}


def _reason(error: Exception) -> str:
    return error.reason if isinstance(error, Undecodable) else str(error)
