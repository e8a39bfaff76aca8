"""How values become bytes for the second level, and values again."""

from typing import Generic, Protocol, TypeVar

import msgspec

from seawall.cache.errors import Undecodable

T = TypeVar("T")


class Codec(Protocol[T]):
    """Turns values into bytes and back. `decode` raises Undecodable for what it cannot read."""

    def encode(self, value: T) -> bytes: ...
    def decode(self, data: bytes) -> T: ...


class MessagePack(Generic[T]):
    """Any type that msgspec knows (Struct, dataclass, TypedDict, builtins), as MessagePack.

    What does not fit the type, as an older version of it may not, is Undecodable.
    """

    def __init__(self, type_: type[T]) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(type_)

    def encode(self, value: T) -> bytes:
        """The value as MessagePack."""
        return self._encoder.encode(value)

    def decode(self, data: bytes) -> T:
        """The value. Raises Undecodable."""
        try:
            return self._decoder.decode(data)
        except msgspec.DecodeError as error:  # also ValidationError
            raise Undecodable(str(error)) from error


class Raw:
    """Bytes as they are."""

    def encode(self, value: bytes) -> bytes:
        """The same."""
        return value

    def decode(self, data: bytes) -> bytes:
        """The same."""
        return data
