"""From a message to the event or command in it."""

from typing import Any

from google.protobuf.message import DecodeError
from google.protobuf.message import Message as ProtobufMessage

from seawall.messaging.errors import Undecodable
from seawall.messaging.message import Message


def decode(message: Message, *classes: type[ProtobufMessage]) -> Any:
    """The event or command in a message, which is one of the classes. Raises Undecodable."""
    for kind in classes:
        if kind.DESCRIPTOR.full_name == message.type:
            event = kind()
            try:
                event.ParseFromString(message.payload)
            except DecodeError as error:
                raise Undecodable(message, f"malformed: {error}") from error
            return event
    raise Undecodable(message, f"not one of {', '.join(kind.DESCRIPTOR.full_name for kind in classes)}")
