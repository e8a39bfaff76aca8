"""Where a message was read."""

from typing import NamedTuple

Partition = tuple[str, int]


class Position(NamedTuple):
    """The offset of a message in a partition of a topic."""

    topic: str
    partition: int
    offset: int

    @classmethod
    def of(cls, text: str) -> "Position":
        """Reads topic:partition:offset, the form that a message carries."""
        topic, partition, offset = text.rsplit(":", 2)
        return cls(topic, int(partition), int(offset))

    @property
    def within(self) -> Partition:
        """Its topic and partition; equal to aiokafka's TopicPartition."""
        return self.topic, self.partition
