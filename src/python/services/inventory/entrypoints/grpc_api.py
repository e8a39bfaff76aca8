"""The gRPC API: holds for the orders that are about to be accepted."""

from collections import Counter as Tally
from collections.abc import Awaitable, Callable, Sequence

import grpc
from prometheus_client import Counter

from services.inventory.domain import ItemKey, Refusal, Wish
from shop.inventory.v1 import inventory_pb2, inventory_pb2_grpc

SERVICES = ("shop.inventory.v1.Inventory",)
MAX_HOLDS = 1_000
OUTCOMES = {
    None: inventory_pb2.HOLD_OUTCOME_HELD,
    Refusal.SOLD_OUT: inventory_pb2.HOLD_OUTCOME_SOLD_OUT,
    Refusal.CUSTOMER_CAP: inventory_pb2.HOLD_OUTCOME_CUSTOMER_CAP,
    Refusal.UNKNOWN_ITEM: inventory_pb2.HOLD_OUTCOME_UNKNOWN_ITEM,
    # An order that was given up gets no units any more.
    Refusal.RELEASED: inventory_pb2.HOLD_OUTCOME_SOLD_OUT,
}

_HOLDS = Counter("shop_inventory_holds_total", "Answers to requests for a hold", ["outcome"])

TakeHolds = Callable[[Sequence[Wish]], Awaitable[list[Refusal | None]]]


class InventoryService(inventory_pb2_grpc.InventoryServicer):
    """shop.inventory.v1.Inventory"""

    def __init__(self, take_holds: TakeHolds) -> None:
        self._take_holds = take_holds

    async def HoldMany(  # noqa: N802
        self,
        request: inventory_pb2.HoldManyRequest,
        context: grpc.aio.ServicerContext[inventory_pb2.HoldManyRequest, inventory_pb2.HoldManyResponse],
    ) -> inventory_pb2.HoldManyResponse:
        """INVALID_ARGUMENT for a hold of nothing, for nobody, or for more than 1,000 holds."""
        wishes = [_wish(hold) for hold in request.holds]
        if len(wishes) > MAX_HOLDS or not all(map(_is_complete, wishes)):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"1..{MAX_HOLDS} complete holds")
        refusals = await self._take_holds(wishes)
        for outcome, count in Tally(refusals).items():
            _HOLDS.labels(outcome or "held").inc(count)
        return inventory_pb2.HoldManyResponse(
            results=[
                inventory_pb2.HoldResult(order_id=wish.order_id, outcome=OUTCOMES[refusal])
                for wish, refusal in zip(wishes, refusals, strict=True)
            ]
        )


def _wish(hold: inventory_pb2.HoldRequest) -> Wish:
    return Wish(hold.order_id, ItemKey(hold.sale_id, hold.sku), hold.customer_id, hold.quantity)


def _is_complete(wish: Wish) -> bool:
    return bool(wish.order_id and wish.customer_id and wish.quantity)


def register(take_holds: TakeHolds) -> Callable[[grpc.aio.Server], None]:
    """What adds the service to a server."""
    service = InventoryService(take_holds)
    return lambda server: inventory_pb2_grpc.add_InventoryServicer_to_server(service, server)  # type: ignore[no-untyped-call]
