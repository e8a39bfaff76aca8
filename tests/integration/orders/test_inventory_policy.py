"""What orders does while inventory, over real gRPC, is slow, failing or gone."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import grpc
import pytest

from seawall.rpc import connect, serve_grpc
from services.orders.adapters.holds_grpc import InventoryHolds
from services.orders.adapters.inventory_policy import CIRCUIT, inventory_policy
from services.orders.domain import Order, OrderState, SoldOut
from services.orders.ports import Unavailable
from shop.inventory.v1 import inventory_pb2, inventory_pb2_grpc

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ORDER = Order("o", "ann", "sale", "mug", 1, 1000, "EUR", NOON, NOON, OrderState.ACCEPTED, None)
IMPATIENT = replace(CIRCUIT, open_seconds=1.0, most_open_seconds=1.0, slow_seconds=0.1)


class Inventory(inventory_pb2_grpc.InventoryServicer):
    """Holds everything, until the test says otherwise. Counts its calls."""

    def __init__(self):
        self.calls = 0
        self.outcome = inventory_pb2.HOLD_OUTCOME_HELD
        self.code = None
        self.hangs = False

    async def HoldMany(self, request, context):
        self.calls += 1
        if self.hangs:
            await asyncio.sleep(10)
        if self.code is not None:
            await context.abort(self.code, "told to")
        results = [inventory_pb2.HoldResult(outcome=self.outcome) for _ in request.holds]
        return inventory_pb2.HoldManyResponse(results=results)


@asynccontextmanager
async def asking(*inventories):
    """Orders' side of some replicas of inventory."""
    async with _serving(list(inventories)) as target, connect(target) as channel:
        yield InventoryHolds(channel, timeout_seconds=0.2, policy=inventory_policy(IMPATIENT))


@asynccontextmanager
async def _serving(inventories):
    if not inventories:
        yield ""
        return

    def register(server):
        inventory_pb2_grpc.add_InventoryServicer_to_server(inventories[0], server)

    async with (
        serve_grpc("127.0.0.1", 0, register, drain_seconds=0.0) as port,
        _serving(inventories[1:]) as others,
    ):
        yield f"127.0.0.1:{port}" + (f",{others}" if others else "")


async def take_all(holds, times):
    """Asks for holds one after the other: what became of each."""
    outcomes = []
    for _ in range(times):
        try:
            outcomes.append(await holds.take(ORDER))
        except Unavailable as error:
            outcomes.append(str(error))
    return outcomes


@pytest.mark.parametrize("fault", ["failing", "hanging"])
async def test_while_inventory_is_bad_orders_are_refused_at_once(fault):
    """After a few calls none is made any more; when it is well again, holds are taken again."""
    inventory = Inventory()
    async with asking(inventory) as holds:
        inventory.code = grpc.StatusCode.INTERNAL if fault == "failing" else None
        inventory.hangs = fault == "hanging"
        await take_all(holds, 5)
        calls = inventory.calls
        outcomes = await take_all(holds, 20)
        assert all("left alone" in outcome for outcome in outcomes)
        assert inventory.calls == calls
        inventory.code, inventory.hangs = None, False
        await asyncio.sleep(1.0)
        assert await take_all(holds, 5) == [None] * 5


async def test_another_replica_is_asked_where_one_is_gone():
    """The caller does not notice."""
    gone, there = Inventory(), Inventory()
    async with asking(gone, there) as holds:
        while not (gone.calls and there.calls):
            await holds.take(ORDER)
        gone.code, before = grpc.StatusCode.UNAVAILABLE, there.calls
        assert await take_all(holds, 30) == [None] * 30
        assert there.calls == before + 30


async def test_a_refusal_is_no_fault():
    """A sold-out item leaves nobody alone."""
    inventory = Inventory()
    inventory.outcome = inventory_pb2.HOLD_OUTCOME_SOLD_OUT
    async with asking(inventory) as holds:
        outcomes = await take_all(holds, 30)
    assert {type(outcome) for outcome in outcomes} == {SoldOut}
    assert inventory.calls == 30
