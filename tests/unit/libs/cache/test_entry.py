"""Entries as bytes."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.cache import MessagePack, Raw, Undecodable
from seawall.cache.entry import Entry, decode_entry, encode_entry


class Product(msgspec.Struct, frozen=True):
    sku: str
    price: int


LAMP = Product("lamp", 1990)
CODEC = MessagePack(Product)


@pytest.mark.parametrize("value", [LAMP, None])
def test_an_entry_survives_the_wire(value):
    """Also the one that says that there is nothing."""
    entry = Entry(value, 1.5e9, 1.6e9, 0.25)
    assert decode_entry(encode_entry(entry, CODEC), CODEC) == entry


def test_nothing_and_no_bytes_differ():
    """An empty value is a value."""
    for value in (b"", None):
        assert decode_entry(encode_entry(Entry(value, 1.0, 2.0, 0.5), Raw()), Raw()).value == value


@given(st.binary(max_size=80))
def test_foreign_bytes_are_undecodable(data):
    """Whatever was written there by somebody else raises Undecodable, and nothing else."""
    with pytest.raises(Undecodable):
        decode_entry(data, CODEC)


def test_a_value_of_another_type_is_undecodable():
    """As is what an older version of the program has stored."""
    old = encode_entry(Entry({"sku": "lamp"}, 1.0, 2.0, 0.5), MessagePack(dict))
    with pytest.raises(Undecodable):
        decode_entry(old, CODEC)
