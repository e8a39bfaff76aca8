"""Holds, asked of inventory over gRPC; the requests of one moment travel as one call."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import grpc
from prometheus_client import Counter, Histogram

from seawall.resilience import CircuitOpen, Policy
from seawall.telemetry import Kind, span
from services.orders.adapters.batcher import Batcher
from services.orders.adapters.inventory_policy import TIMEOUT_SECONDS, inventory_policy
from services.orders.domain import CustomerCapReached, Order, OrderRefused, SoldOut
from services.orders.ports import Unavailable
from shop.inventory.v1 import inventory_pb2, inventory_pb2_grpc

_BATCH = Histogram(
    "shop_orders_holds_per_call",
    "Holds that travelled in one call",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)
_FAILED = Counter("shop_orders_hold_calls_failed_total", "Calls of HoldMany that failed", ["code"])

# A call costs both sides a millisecond of CPU, whatever it holds: under load there are few and large ones.
CALLS_AT_ONCE: Final = 2

REFUSALS: Final[dict[inventory_pb2.HoldOutcome, type[OrderRefused]]] = {
    inventory_pb2.HOLD_OUTCOME_SOLD_OUT: SoldOut,
    inventory_pb2.HOLD_OUTCOME_CUSTOMER_CAP: CustomerCapReached,
}


class InventoryHolds:
    """The Holds port. A call that takes longer than `timeout_seconds` counts as failed."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        policy: Policy | None = None,
    ) -> None:
        self._inventory = inventory_pb2_grpc.InventoryStub(channel)  # type: ignore[no-untyped-call]
        self._timeout_seconds = timeout_seconds
        self._policy = policy or inventory_policy()
        self._batcher = Batcher(self._hold_many, max_in_flight=CALLS_AT_ONCE)

    async def take(self, order: Order) -> OrderRefused | None:
        # The call is of many orders at once, so that each has a span of its own wait for it.
        with span("hold", Kind.CLIENT):
            outcome = await self._batcher.submit(order)
        if outcome == inventory_pb2.HOLD_OUTCOME_HELD:
            return None
        if outcome not in REFUSALS:
            # The item is known here, so inventory has not heard of the sale yet.
            raise Unavailable("inventory does not know the item yet")
        return REFUSALS[outcome](order.sku)

    async def _hold_many(self, orders: Sequence[Order]) -> list[inventory_pb2.HoldOutcome]:
        _BATCH.observe(len(orders))
        request = inventory_pb2.HoldManyRequest(holds=[_hold(order) for order in orders])
        try:
            response = await self._policy.execute(partial(self._call, request))
        except grpc.aio.AioRpcError as error:
            raise Unavailable(f"inventory: {error.code().name}") from error
        except CircuitOpen as error:
            raise Unavailable("inventory has failed too often, and is left alone for a moment") from error
        return [result.outcome for result in response.results]

    async def _call(self, request: inventory_pb2.HoldManyRequest) -> inventory_pb2.HoldManyResponse:
        try:
            response: inventory_pb2.HoldManyResponse = await self._inventory.HoldMany(
                request, timeout=self._timeout_seconds
            )
        except grpc.aio.AioRpcError as error:
            _FAILED.labels(error.code().name).inc()
            raise
        return response


def _hold(order: Order) -> inventory_pb2.HoldRequest:
    return inventory_pb2.HoldRequest(
        order_id=order.order_id,
        sale_id=order.sale_id,
        sku=order.sku,
        customer_id=order.customer_id,
        quantity=order.quantity,
    )
