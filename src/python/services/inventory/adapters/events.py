"""Domain events as messages of inventory.events.v1."""

from dataclasses import replace

from google.protobuf.message import Message as ProtobufMessage

from seawall.messaging import Message, outgoing
from services.inventory.domain import Committed, Event, Refused, Released, Reserved
from shop.inventory.v1 import inventory_pb2

TOPIC = "inventory.events.v1"
SOURCE = "inventory"


def event_message(event: Event, correlation_id: str | None) -> Message:
    """The event, keyed by its order, under the correlation id of the command that caused it."""
    message = outgoing(TOPIC, event.order_id, _protobuf(event), source=SOURCE)
    return replace(message, correlation_id=correlation_id)


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
