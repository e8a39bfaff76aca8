"""Domain events as messages of inventory.events.v1."""

import time
import uuid

from google.protobuf.message import Message as ProtobufMessage

from seawall.messaging import Message, headers_of
from seawall.telemetry import Origin
from services.inventory.domain import Committed, Event, Refused, Released, Reserved
from shop.inventory.v1 import inventory_pb2

TOPIC = "inventory.events.v1"
SOURCE = "inventory"


def event_message(event: Event, origin: Origin) -> Message:
    """The event, keyed by its order, of the origin of the command that caused it."""
    # Not by outgoing(): a batch of commands has many origins.
    content = _protobuf(event)
    return Message(
        topic=TOPIC,
        key=event.order_id,
        type=content.DESCRIPTOR.full_name,
        id=uuid.uuid4().hex,
        source=SOURCE,
        payload=content.SerializeToString(),
        correlation_id=origin.correlation_id,
        time_ms=time.time_ns() // 1_000_000,
        headers=headers_of(origin),
    )


def _protobuf(event: Event) -> ProtobufMessage:
    match event:
        case Reserved(order_id):
            return inventory_pb2.StockReserved(order_id=order_id)
        case Refused(order_id, reason):
            return inventory_pb2.StockRefused(order_id=order_id, reason=reason.value)
        case Committed(order_id):
            return inventory_pb2.StockCommitted(order_id=order_id)
        case Released(order_id):
            return inventory_pb2.StockReleased(order_id=order_id)
