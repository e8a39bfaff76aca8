"""What can go wrong here.

MessagingError
├── BrokerUnavailable  no answer of the broker in time
├── PublishFailed      some messages are not known to be stored; says which
└── Undecodable        a message that no handler can read; it goes to the dead-letter topic
"""

from seawall.messaging.message import Message


class MessagingError(Exception):
    """Anything raised by this lib."""


class BrokerUnavailable(MessagingError):
    """The broker did not answer in time."""


class PublishFailed(MessagingError):
    """The messages in `failed` are not known to be stored; all others are.

    `hopeless` are those among them that the broker will never take, such as one that is too large.
    """

    def __init__(self, failed: list[Message], hopeless: list[Message], reason: str) -> None:
        super().__init__(f"{len(failed)} messages not published: {reason}")
        self.failed = failed
        self.hopeless = hopeless


class Undecodable(MessagingError):
    """The message cannot be read. Raised by a handler, it moves that message to the dead-letter topic."""

    def __init__(self, message: Message, reason: str) -> None:
        super().__init__(f"{message.topic} {message.type or 'without type'} {message.id}: {reason}")
        self.message = message
        self.reason = reason
