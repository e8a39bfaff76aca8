"""Batches of messages, translated for the use cases."""

from collections.abc import Awaitable, Callable, Sequence

from google.protobuf.message import Message as ProtobufMessage

from seawall.messaging import Message, Undecodable, decode, origin_of
from services.inventory.domain import Command, Commit, Item, ItemKey, Release, Reserve, Sale, Wish
from services.inventory.ports import Delivery
from shop.catalog.v1 import catalog_pb2
from shop.inventory.v1 import inventory_pb2

COMMANDS_TOPIC = "inventory.commands.v1"
SALES_TOPIC = "catalog.events.v1"

Handler = Callable[[Sequence[Message]], Awaitable[None]]


def commands_handler(apply: Callable[[Sequence[Delivery]], Awaitable[None]]) -> Handler:
    """Handles inventory.commands.v1. Raises Undecodable before anything is applied."""

    async def handle(messages: Sequence[Message]) -> None:
        await apply([_delivery(message) for message in messages])

    return handle


def sales_handler(schedule: Callable[[Sequence[Sale]], Awaitable[None]]) -> Handler:
    """Handles catalog.events.v1. Raises Undecodable before anything is scheduled."""

    async def handle(messages: Sequence[Message]) -> None:
        await schedule([_sale(decode(message, catalog_pb2.SaleScheduled)) for message in messages])

    return handle


def _delivery(message: Message) -> Delivery:
    return Delivery(_command(message), message.id, message.source, *origin_of(message))


def _command(message: Message) -> Command:
    event: ProtobufMessage = decode(
        message, inventory_pb2.ReserveStock, inventory_pb2.CommitStock, inventory_pb2.ReleaseStock
    )
    match event:
        case inventory_pb2.ReserveStock():
            return Reserve(_wish(message, event))
        case inventory_pb2.ReleaseStock():
            return Release(_wish(message, event))
        case inventory_pb2.CommitStock():
            return Commit(event.order_id)
    raise AssertionError(event)


def _wish(message: Message, command: inventory_pb2.ReserveStock | inventory_pb2.ReleaseStock) -> Wish:
    if not (
        command.order_id and command.sale_id and command.sku and command.customer_id and command.quantity
    ):
        raise Undecodable(message, "an order for some units of an item is needed")
    item = ItemKey(command.sale_id, command.sku)
    return Wish(command.order_id, item, command.customer_id, command.quantity)


def _sale(event: catalog_pb2.SaleScheduled) -> Sale:
    items = tuple(
        Item(ItemKey(event.sale_id, item.sku), item.stock, item.per_customer_cap) for item in event.items
    )
    return Sale(event.sale_id, event.opens_at_ms, event.closes_at_ms, items)
