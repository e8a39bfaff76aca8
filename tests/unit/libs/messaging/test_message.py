"""Messages and their form on the wire."""

import pytest
from msgspec.structs import replace

from seawall.messaging import Undecodable, decode, outgoing
from seawall.messaging.cloud_events import headers_of, message_of
from seawall.telemetry import bind_correlation_id
from shop.inventory.v1.inventory_pb2 import CommitStock, ReserveStock


def event(order_id: str = "order-1") -> CommitStock:
    return CommitStock(order_id=order_id)


def test_an_outgoing_message_has_the_type_of_its_event_and_an_id_of_its_own() -> None:
    """Two messages with the same content are two messages, unless they are given one id."""
    first, second = (outgoing("t", "k", event(), source="orders") for _ in range(2))
    assert first.type == "shop.inventory.v1.CommitStock"
    assert first.id != second.id
    assert outgoing("t", "k", event(), source="orders", id="o:commit").id == "o:commit"


def test_an_outgoing_message_belongs_to_what_is_being_worked_on() -> None:
    """The correlation id comes from the context, and is missing where there is none."""
    with bind_correlation_id("edge-1"):
        assert outgoing("t", "k", event(), source="orders").correlation_id == "edge-1"
    assert outgoing("t", "k", event(), source="orders").correlation_id is None


def test_a_message_survives_the_wire() -> None:
    """CloudEvents attributes, correlation id and headers of one's own, with any text in them."""
    with bind_correlation_id("edge-1"):
        sent = replace(outgoing("t", "schlüssel", event(), source="orders"), headers={"note": "größe"})
    headers = headers_of(sent)
    assert dict(headers)["ce_specversion"] == b"1.0"
    received = message_of("t", "t:0:7", sent.key.encode(), sent.payload, headers, sent.time_ms)
    assert received == replace(sent, position="t:0:7")
    assert decode(received, ReserveStock, CommitStock) == event()


def test_a_record_of_a_stranger_is_read_and_named_by_its_place() -> None:
    """No key, no value, no attributes, broken UTF-8: a message that nobody decodes, not an exception."""
    stranger = message_of("t", "t:0:7", None, None, [("x", b"\xff")], 1)
    assert (stranger.key, stranger.payload, stranger.type, stranger.id) == ("", b"", "", "t:0:7")
    with pytest.raises(Undecodable) as failure:
        decode(stranger, CommitStock)
    assert failure.value.message is stranger


def test_fields_of_a_newer_version_are_passed_over() -> None:
    """A service may send fields that its reader does not know yet."""
    newer = outgoing("t", "k", event(), source="orders")
    unknown_field_99 = b"\x9a\x06\x03new"
    assert decode(replace(newer, payload=newer.payload + unknown_field_99), CommitStock).order_id == "order-1"
