"""Catalog and orders, as inventory meets them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from seawall.messaging import Broker, decode, outgoing
from services.inventory.app import TOPICS
from shop.catalog.v1 import catalog_pb2
from shop.inventory.v1 import inventory_pb2

COMMANDS = "inventory.commands.v1"
EVENTS = (
    inventory_pb2.StockReserved,
    inventory_pb2.StockRefused,
    inventory_pb2.StockCommitted,
    inventory_pb2.StockReleased,
)


class Shop:
    """Speaks to inventory as catalog and orders do."""

    def __init__(self, publisher, sale_id):
        self._publisher = publisher
        self.sale_id = sale_id
        self.events = []
        self.correlation_ids = {}

    async def collect(self, messages):
        for message in messages:
            self.events.append(decode(message, *EVENTS))
            self.correlation_ids[message.key] = message.correlation_id

    def answers(self, kind):
        """The ids of the orders with an answer of this kind, in their order."""
        return [event.order_id for event in self.events if isinstance(event, kind)]

    async def schedule(self, stock, cap=10):
        item = catalog_pb2.SaleItem(sku="mug", stock=stock, per_customer_cap=cap, currency="EUR")
        sale = catalog_pb2.SaleScheduled(sale_id=self.sale_id, closes_at_ms=10**14, items=[item])
        await self._publisher.publish(
            [outgoing("catalog.events.v1", self.sale_id, sale, source="catalog", id=self.sale_id)]
        )

    async def send(self, *commands):
        await self._publisher.publish(
            [
                outgoing(COMMANDS, c.order_id, c, source="orders", id=f"{c.order_id}:{c.DESCRIPTOR.name}")
                for c in commands
            ]
        )

    def units(self, order_id, quantity=1):
        customer_id = f"customer of {order_id}"
        return {
            "order_id": order_id,
            "sale_id": self.sale_id,
            "sku": "mug",
            "customer_id": customer_id,
            "quantity": quantity,
        }

    def reserve(self, order_id, quantity=1):
        return inventory_pb2.ReserveStock(**self.units(order_id, quantity))

    def release(self, order_id, quantity=1):
        return inventory_pb2.ReleaseStock(**self.units(order_id, quantity))

    async def hold(self, stub, *order_ids):
        """The ids of the orders that got a hold."""
        wishes = [inventory_pb2.HoldRequest(**self.units(order_id)) for order_id in order_ids]
        response = await stub.HoldMany(inventory_pb2.HoldManyRequest(holds=wishes))
        held = inventory_pb2.HOLD_OUTCOME_HELD
        return [result.order_id for result in response.results if result.outcome == held]


@asynccontextmanager
async def a_shop(broker: Broker, sale_id: str) -> AsyncIterator[Shop]:
    """A shop that hears what inventory says."""
    await broker.ensure_topics(TOPICS)
    async with broker.publisher() as publisher:
        shop = Shop(publisher, sale_id)
        events = asyncio.create_task(broker.subscriber(["inventory.events.v1"], "test").run(shop.collect))
        try:
            yield shop
        finally:
            events.cancel()
            with suppress(asyncio.CancelledError):
                await events
