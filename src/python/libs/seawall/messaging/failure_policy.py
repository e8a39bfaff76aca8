"""What becomes of a message that fails: in an ordered topic its key waits for it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from seawall.messaging.message import Message


class FailurePolicy(Protocol):
    """What a member does with messages that its handler cannot handle."""

    def received(self, messages: Sequence[Message]) -> Sequence[Message]:
        """What was read, as the handler gets it."""

    def lane(self, message: Message) -> str:
        """Messages with one lane keep their order, also when the first of them fails."""

    def early(self, messages: Sequence[Message]) -> Mapping[str, float]:
        """By position, the messages that must not be tried yet, with the seconds that they have to wait."""

    async def divert(self, failures: Sequence[tuple[Message, Exception]]) -> bool:
        """Moves failed messages out of the way; false if they have to wait where they are."""


class BlockKey:
    """Ordered topics: a message that fails is tried until it works, and only its key waits."""

    def received(self, messages: Sequence[Message]) -> Sequence[Message]:
        """As it is."""
        return messages

    def lane(self, message: Message) -> str:
        """The key."""
        return message.key

    def early(self, messages: Sequence[Message]) -> Mapping[str, float]:
        """None."""
        return {}

    async def divert(self, failures: Sequence[tuple[Message, Exception]]) -> bool:
        """Never: what comes later must not overtake it."""
        return False
