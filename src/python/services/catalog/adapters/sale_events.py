"""How a sale is announced: shop.catalog.v1.SaleScheduled on catalog.events.v1, keyed by sale."""

from datetime import UTC, datetime, timedelta

from seawall.messaging import Message, outgoing
from services.catalog.domain import Sale
from shop.catalog.v1 import catalog_pb2

TOPIC = "catalog.events.v1"
TOPICS = {TOPIC: 4}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def sale_scheduled(sale: Sale) -> Message:
    """The event; its id is derived from the sale, so that it can never be taken for two."""
    event = catalog_pb2.SaleScheduled(
        sale_id=sale.sale_id,
        title=sale.title,
        opens_at_ms=_epoch_ms(sale.opens_at),
        closes_at_ms=_epoch_ms(sale.closes_at),
        items=[
            catalog_pb2.SaleItem(
                sku=item.sku,
                name=item.name,
                stock=item.stock,
                price_minor=item.price_minor,
                currency=item.currency,
                per_customer_cap=item.per_customer_cap,
            )
            for item in sale.items
        ],
    )
    return outgoing(TOPIC, sale.sale_id, event, source="catalog", id=f"{sale.sale_id}:scheduled")


def _epoch_ms(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
