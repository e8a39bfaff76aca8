"""How often a key was asked for of late: four rows of small counters, halved now and then.

Source: Einziger, Friedman, Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", ACM TOS 2017.
"""

from collections.abc import Hashable

MOST = 15
_ROWS = 4
_BITS = 16  # of the hash, for each row
_HALF = bytes(count // 2 for count in range(256))


class FrequencySketch:
    """An estimate that is never below the true count, and seldom above; both end at 15.

    `width` counters a row, rounded up to a power of two, from 16 to 65,536: at least one for each entry
    of the cache, better several. Keys need a hash of 64 good bits, as str and bytes have.
    """

    def __init__(self, width: int) -> None:
        size = 1 << (min(max(width, 16), 1 << _BITS) - 1).bit_length()
        self._mask = size - 1
        self._rows = [bytearray(size) for _ in range(_ROWS)]

    def estimate(self, key: Hashable) -> int:
        """How often the key was seen, 15 at most."""
        bits = hash(key)
        return min(row[(bits >> _BITS * at) & self._mask] for at, row in enumerate(self._rows))

    def raise_to(self, key: Hashable, count: int) -> None:
        """The estimate is at least `count` from now on (15 at most)."""
        bits, least = hash(key), min(count, MOST)
        for at, row in enumerate(self._rows):
            place = (bits >> _BITS * at) & self._mask
            row[place] = max(row[place], least)

    def halve(self) -> None:
        """What was popular once is forgotten by and by."""
        self._rows = [row.translate(_HALF) for row in self._rows]
