"""What a value takes of memory."""

import enum
import tracemalloc

import msgspec
import pytest

from seawall.cache.weight import deep_size


class Price(msgspec.Struct, frozen=True):
    minor: int
    currency: str


class Colour(enum.Enum):
    RED = 1


def make(kind, number):
    text = f"{'x' * 100}{number}"
    return {
        "bytes": lambda: text.encode() * 10,
        "dicts": lambda: {f"{key}-{number}": [text + str(key), key * 1.5] for key in range(20)},
        "structs": lambda: [Price(number * 1000 + index, f"C{index}-{number}") for index in range(20)],
    }[kind]()


@pytest.mark.parametrize("kind", ["bytes", "dicts", "structs"])
def test_the_weight_is_what_the_interpreter_allocates(kind):
    """Within a quarter of the growth of the heap."""
    make(kind, 0)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        values = [make(kind, number) for number in range(1000, 1200)]
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert sum(map(deep_size, values)) == pytest.approx(grown, rel=0.25)


def test_an_object_counts_once():
    """Shared parts and cycles are counted once."""
    part = ["x" * 1000]
    loop: list = [part, part]
    loop.append(loop)
    assert deep_size(loop) < 1500


def test_types_and_functions_weigh_nothing():
    """A value does not bring its class, nor an enum's."""
    assert deep_size(Price) == deep_size(make) == 0
    assert deep_size(Price(1, "EUR")) < 200
