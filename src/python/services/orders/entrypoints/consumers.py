"""Batches of messages, translated for the use cases."""

from collections.abc import Awaitable, Callable, Sequence

from seawall.messaging import Message, decode
from services.orders.domain import Reply, SagaStep, SaleItem
from shop.catalog.v1 import catalog_pb2
from shop.inventory.v1 import inventory_pb2
from shop.payments.v1 import payments_pb2

SALES_TOPIC = "catalog.events.v1"
INVENTORY_TOPIC = "inventory.events.v1"
PAYMENTS_TOPIC = "payments.events.v1"

Handler = Callable[[Sequence[Message]], Awaitable[None]]

_REPLIES = (
    inventory_pb2.StockReserved,
    inventory_pb2.StockRefused,
    inventory_pb2.StockCommitted,
    inventory_pb2.StockReleased,
    payments_pb2.PaymentCharged,
    payments_pb2.PaymentDeclined,
    payments_pb2.PaymentVoided,
)


def replies_handler(advance: Callable[[Sequence[Reply]], Awaitable[None]]) -> Handler:
    """Handles inventory.events.v1 and payments.events.v1. Raises Undecodable before anything is done."""

    async def handle(messages: Sequence[Message]) -> None:
        replies = [reply_of(message) for message in messages]
        await advance([reply for reply in replies if reply is not None])

    return handle


def sales_handler(add: Callable[[Sequence[SaleItem]], Awaitable[None]]) -> Handler:
    """Handles catalog.events.v1. Raises Undecodable before anything is added."""

    async def handle(messages: Sequence[Message]) -> None:
        sales = [decode(message, catalog_pb2.SaleScheduled) for message in messages]
        await add([item for sale in sales for item in _items(sale)])

    return handle


def reply_of(message: Message) -> Reply | None:
    """What the message says of a checkout."""
    match decode(message, *_REPLIES):
        case inventory_pb2.StockReserved(order_id=order_id):
            return Reply(order_id, SagaStep.RESERVE)
        case inventory_pb2.StockRefused(order_id=order_id, reason=reason):
            return Reply(order_id, SagaStep.RESERVE, reason or "refused")
        case payments_pb2.PaymentCharged(order_id=order_id):
            return Reply(order_id, SagaStep.CHARGE)
        case payments_pb2.PaymentDeclined(order_id=order_id, reason=reason):
            return Reply(order_id, SagaStep.CHARGE, reason or "declined")
        case inventory_pb2.StockCommitted(order_id=order_id):
            return Reply(order_id, SagaStep.COMMIT)
        case inventory_pb2.StockReleased(order_id=order_id):
            return Reply(order_id, SagaStep.RESERVE, undone=True)
        case payments_pb2.PaymentVoided(order_id=order_id):
            return Reply(order_id, SagaStep.CHARGE, undone=True)
    return None


def _items(sale: catalog_pb2.SaleScheduled) -> list[SaleItem]:
    return [
        SaleItem(sale.sale_id, item.sku, item.price_minor, item.currency, sale.opens_at_ms, sale.closes_at_ms)
        for item in sale.items
    ]
