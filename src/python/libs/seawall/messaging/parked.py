"""Messages of a member that wait to be tried again, and the offsets that they hold back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from seawall.messaging.isolation import Lane
from seawall.messaging.message import Message
from seawall.messaging.position import Partition, Position

# Of one partition; with more in memory, or so many offsets handled beyond the first that waits, it rests.
MOST_MESSAGES = 1_000
MOST_BYTES = 8_000_000
MOST_BEYOND = 10_000


@dataclass(slots=True)
class Waiting:
    """Messages with one key, the first of which is due at `due_at` (the loop's clock).

    While a key is there with `rests` nothing more is read of its partition: too much failed.
    """

    messages: Lane
    due_at: float
    pause_seconds: float
    rests: bool = False


class Parked:
    """Keys that wait, by partition. While a key waits all that comes for it waits behind it."""

    def __init__(self) -> None:
        self._keys: dict[Partition, dict[str, Waiting]] = {}

    def __bool__(self) -> bool:
        return bool(self._keys)

    def __len__(self) -> int:
        return sum(len(waiting.messages) for waiting in self._all())

    def park(self, key: str, waiting: Waiting) -> None:
        """Lets a key wait; what waits for it already came later."""
        keys = self._keys.setdefault(Position.of(waiting.messages[0].position).within, {})
        if key in keys:
            waiting.messages += keys[key].messages
        keys[key] = waiting

    def join(self, key: str, message: Message) -> bool:
        """Parks a message behind those of its key; false if there are none."""
        waiting = self._keys.get(Position.of(message.position).within, {}).get(key)
        if waiting is not None:
            waiting.messages.append(message)
        return waiting is not None

    def take_due(self, now: float, most: int) -> list[Waiting]:
        """Up to so many messages whose pause is over; of a long key the first ones."""
        due: list[Waiting] = []
        for partition, keys in list(self._keys.items()):
            for key, waiting in list(keys.items()):
                if waiting.due_at <= now and most > 0:
                    due.append(replace(waiting, messages=waiting.messages[:most]))
                    waiting.messages = waiting.messages[most:]
                    most -= len(due[-1].messages)
                    if not waiting.messages:
                        del keys[key]
            if not keys:
                del self._keys[partition]
        return due

    def next_due(self) -> float | None:
        """When the first pause is over; None if nothing waits."""
        return min((waiting.due_at for waiting in self._all()), default=None)

    def drop(self, partitions: Collection[Partition]) -> None:
        """Forgets partitions that another member goes on with."""
        for partition in partitions:
            self._keys.pop(partition, None)

    def first_offset(self, partition: Partition) -> int | None:
        """The watermark: all before it was handled. None if nothing of the partition waits."""
        offsets = (
            Position.of(waiting.messages[0].position).offset
            for waiting in self._keys.get(partition, {}).values()
        )
        return min(offsets, default=None)

    def full(self, read: Mapping[Partition, int]) -> set[Partition]:
        """The partitions of which no more should be read. `read` is the next offset of each."""
        return {partition for partition in self._keys if self._is_full(partition, read.get(partition, 0))}

    def _is_full(self, partition: Partition, next_offset: int) -> bool:
        waiting = self._keys[partition].values()
        messages = [message for w in waiting for message in w.messages]
        return (
            any(w.rests for w in waiting)
            or len(messages) >= MOST_MESSAGES
            or sum(len(m.payload) for m in messages) >= MOST_BYTES
            or next_offset - (self.first_offset(partition) or 0) >= MOST_BEYOND
        )

    def _all(self) -> chain[Waiting]:
        return chain.from_iterable(keys.values() for keys in self._keys.values())
