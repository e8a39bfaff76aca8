"""The services around orders, played by the test."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import grpc

from seawall.messaging import Broker, Message, Publisher, decode, outgoing
from seawall.rpc import serve_grpc
from services.orders.app import TOPICS
from shop.catalog.v1 import catalog_pb2
from shop.inventory.v1 import inventory_pb2, inventory_pb2_grpc
from shop.orders.v1 import orders_pb2
from shop.payments.v1 import payments_pb2

FAR_MS = 10**14
COMMANDS = {
    "inventory.commands.v1": (
        inventory_pb2.ReserveStock,
        inventory_pb2.CommitStock,
        inventory_pb2.ReleaseStock,
    ),
    "payments.commands.v1": (payments_pb2.ChargePayment, payments_pb2.VoidPayment),
    "orders.events.v1": (orders_pb2.OrderAccepted, orders_pb2.OrderConfirmed, orders_pb2.OrderCancelled),
}
KINDS = [kind for kinds in COMMANDS.values() for kind in kinds]


class FakeInventory(inventory_pb2_grpc.InventoryServicer):
    """Holds `left` units of anything; counts its calls."""

    def __init__(self) -> None:
        self.left = 10_000
        self.held: set[str] = set()
        self.batches: list[int] = []
        self.fault: grpc.StatusCode | None = None
        self.unknown = False

    async def HoldMany(self, request, context):
        self.batches.append(len(request.holds))
        if self.fault is not None:
            await context.abort(self.fault, "scripted")
        results = [
            inventory_pb2.HoldResult(order_id=hold.order_id, outcome=self._outcome(hold))
            for hold in request.holds
        ]
        return inventory_pb2.HoldManyResponse(results=results)

    def _outcome(self, hold):
        if self.unknown:
            return inventory_pb2.HOLD_OUTCOME_UNKNOWN_ITEM
        if hold.order_id in self.held:
            return inventory_pb2.HOLD_OUTCOME_HELD
        if hold.customer_id == "greedy":
            return inventory_pb2.HOLD_OUTCOME_CUSTOMER_CAP
        if hold.quantity > self.left:
            return inventory_pb2.HOLD_OUTCOME_SOLD_OUT
        self.left -= hold.quantity
        self.held.add(hold.order_id)
        return inventory_pb2.HOLD_OUTCOME_HELD

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """Yields its port."""

        def register(server):
            inventory_pb2_grpc.add_InventoryServicer_to_server(self, server)

        async with serve_grpc("127.0.0.1", 0, register, drain_seconds=0) as port:
            yield port


class Script:
    """Answers commands as inventory and payments would; `answers` may be changed while it plays."""

    def __init__(self) -> None:
        self.reserve: Callable | None = lambda c: inventory_pb2.StockReserved(order_id=c.order_id)
        self.charge: Callable | None = lambda c: payments_pb2.PaymentCharged(
            order_id=c.order_id, charge_id=f"charge of {c.order_id}"
        )
        self.commit: Callable | None = lambda c: inventory_pb2.StockCommitted(order_id=c.order_id)
        self.void: Callable | None = lambda c: payments_pb2.PaymentVoided(order_id=c.order_id)
        self.release: Callable | None = lambda c: inventory_pb2.StockReleased(order_id=c.order_id)
        self.repeat = 1

    def answer(self, command):
        """The topic and the event that answer a command; None for no answer."""
        match command:
            case inventory_pb2.ReserveStock():
                topic, reply = "inventory.events.v1", self.reserve
            case inventory_pb2.CommitStock():
                topic, reply = "inventory.events.v1", self.commit
            case payments_pb2.ChargePayment():
                topic, reply = "payments.events.v1", self.charge
            case payments_pb2.VoidPayment():
                topic, reply = "payments.events.v1", self.void
            case inventory_pb2.ReleaseStock():
                topic, reply = "inventory.events.v1", self.release
            case _:
                return None
        return (topic, reply(command)) if reply else None


class World:
    """What orders sees of the others, and what they see of it."""

    def __init__(self, publisher: Publisher, inventory: FakeInventory) -> None:
        self._publisher = publisher
        self.inventory = inventory
        self.script = Script()
        self.seen: list[tuple[str, object]] = []
        self.messages: list[Message] = []

    async def take(self, messages: Sequence[Message]) -> None:
        """Records messages of orders, and answers the commands."""
        replies = []
        for message in messages:
            command = decode(message, *KINDS)
            self.seen.append((command.order_id, command))
            self.messages.append(message)
            answer = self.script.answer(command)
            if answer is not None:
                topic, event = answer
                source = topic.partition(".")[0]
                name = f"{message.id}:answer"
                replies += [outgoing(topic, message.key, event, source=source, id=name)] * self.script.repeat
        await self._publisher.publish(replies)

    async def say(self, topic: str, event) -> None:
        """An event that no command asked for."""
        source = topic.partition(".")[0]
        await self._publisher.publish([outgoing(topic, event.order_id, event, source=source)])

    async def announce(self, sale_id: str, opens_at_ms: int = 0, closes_at_ms: int = FAR_MS) -> None:
        """A sale of mugs and cups."""
        items = [
            catalog_pb2.SaleItem(sku=sku, stock=10_000, price_minor=1250, currency="EUR", per_customer_cap=10)
            for sku in ("mug", "cup")
        ]
        sale = catalog_pb2.SaleScheduled(
            sale_id=sale_id, opens_at_ms=opens_at_ms, closes_at_ms=closes_at_ms, items=items
        )
        await self._publisher.publish([outgoing("catalog.events.v1", sale_id, sale, source="catalog")])

    def kinds(self, order_id: str) -> Counter:
        """How often orders sent what about an order."""
        return Counter(type(event).__name__ for about, event in self.seen if about == order_id)

    def all_kinds(self) -> Counter:
        """How often orders sent what."""
        return Counter(type(event).__name__ for _, event in self.seen)


@asynccontextmanager
async def a_world(broker: Broker) -> AsyncIterator[tuple[World, int]]:
    """The world, and the port of its inventory."""
    inventory = FakeInventory()
    await broker.ensure_topics(TOPICS)
    async with broker.publisher() as publisher, inventory.serving() as port:
        world = World(publisher, inventory)
        playing = asyncio.create_task(broker.subscriber(list(COMMANDS), "test").run(world.take))
        try:
            yield world, port
        finally:
            playing.cancel()
            with suppress(asyncio.CancelledError):
                await playing
