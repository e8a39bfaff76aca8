"""What the second level holds for a key: a value, or that there is none, and until when that is good."""

import struct
from dataclasses import dataclass
from typing import Generic, TypeVar

from seawall.cache.codec import Codec
from seawall.cache.errors import Undecodable

T = TypeVar("T")

_HEAD = struct.Struct("<cBddf")
_VERSION = b"\x01"
_NOTHING = 1


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """`value` None says that there is no such thing. Times are Unix seconds: hosts' clocks should agree.

    `load_seconds` is how long it took to come by the value.
    """

    value: T | None
    fresh_until: float
    stale_until: float
    load_seconds: float


def encode_entry(entry: Entry[T], codec: Codec[T]) -> bytes:
    """Its bytes."""
    flags = _NOTHING if entry.value is None else 0
    head = _HEAD.pack(_VERSION, flags, entry.fresh_until, entry.stale_until, entry.load_seconds)
    return head if entry.value is None else head + codec.encode(entry.value)


def decode_entry(data: bytes, codec: Codec[T]) -> Entry[T]:
    """The entry. Raises Undecodable."""
    if len(data) < _HEAD.size or data[:1] != _VERSION:
        raise Undecodable("not an entry of this version")
    _, flags, fresh_until, stale_until, load_seconds = _HEAD.unpack_from(data)
    value = None if flags & _NOTHING else codec.decode(data[_HEAD.size :])
    return Entry(value, fresh_until, stale_until, load_seconds)
