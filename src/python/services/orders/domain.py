"""What an order is, and which steps it may take."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

_ORDER_IDS: Final = uuid.UUID("6f6d7a34-43a9-5d5b-9c1e-5f0a6c1d2b7e")


class OrderState(StrEnum):
    ACCEPTED = "accepted"
    PAYMENT_PENDING = "payment_pending"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether an order in this state never changes again."""
        return self in {OrderState.CONFIRMED, OrderState.CANCELLED}


# From which states an order may come into a state.
STEPS: Final[Mapping[OrderState, frozenset[OrderState]]] = {
    OrderState.ACCEPTED: frozenset(),
    OrderState.PAYMENT_PENDING: frozenset({OrderState.ACCEPTED}),
    OrderState.CONFIRMED: frozenset({OrderState.PAYMENT_PENDING}),
    OrderState.CANCELLED: frozenset({OrderState.ACCEPTED, OrderState.PAYMENT_PENDING}),
}


class SagaStep(StrEnum):
    """The steps of the checkout, in their order. CHARGE is the pivot: after it nothing is undone."""

    RESERVE = "reserve"
    CHARGE = "charge"
    COMMIT = "commit"


# The state that an order reaches when a step of its checkout succeeds.
REACHED: Final[Mapping[SagaStep, OrderState]] = {
    SagaStep.RESERVE: OrderState.PAYMENT_PENDING,
    SagaStep.CHARGE: OrderState.CONFIRMED,
}


class OrderRefused(Exception):
    """Why an order is not accepted.

    OrderRefused
    ├── SaleUnknown
    ├── ItemUnknown
    ├── SaleNotOpen
    ├── SoldOut
    ├── CustomerCapReached
    └── IdempotencyKeyReused   the key belongs to an order of something else
    """


class SaleUnknown(OrderRefused):
    pass


class ItemUnknown(OrderRefused):
    pass


class SaleNotOpen(OrderRefused):
    pass


class SoldOut(OrderRefused):
    pass


class CustomerCapReached(OrderRefused):
    pass


class IdempotencyKeyReused(OrderRefused):
    pass


@dataclass(frozen=True, slots=True)
class SaleItem:
    """What orders knows of one product in one sale. Times: Unix epoch."""

    sale_id: str
    sku: str
    price_minor: int
    currency: str
    opens_at_ms: int
    closes_at_ms: int

    def is_open(self, at: datetime) -> bool:
        return self.opens_at_ms <= at.timestamp() * 1000 < self.closes_at_ms


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """A customer's wish. The same key of the same customer in the same sale means the same order."""

    customer_id: str
    sale_id: str
    sku: str
    quantity: int
    idempotency_key: str

    @property
    def order_id(self) -> str:
        return str(uuid.uuid5(_ORDER_IDS, f"{self.customer_id}\n{self.sale_id}\n{self.idempotency_key}"))


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it stands. Times are in UTC."""

    order_id: str
    customer_id: str
    sale_id: str
    sku: str
    quantity: int
    amount_minor: int
    currency: str
    placed_at: datetime
    updated_at: datetime
    state: OrderState = OrderState.ACCEPTED
    reason: str | None = None

    @classmethod
    def of(cls, wish: PlaceOrder, item: SaleItem, now: datetime) -> "Order":
        amount_minor = item.price_minor * wish.quantity
        return cls(
            wish.order_id,
            wish.customer_id,
            wish.sale_id,
            wish.sku,
            wish.quantity,
            amount_minor,
            item.currency,
            placed_at=now,
            updated_at=now,
        )

    def as_accepted(self) -> "Order":
        """This order as it was when it was accepted: what a repeated request is answered."""
        return replace(self, state=OrderState.ACCEPTED, reason=None, updated_at=self.placed_at)

    def is_for_the_same(self, other: "Order") -> bool:
        """Whether both orders are for as many of the same item."""
        return (self.sku, self.quantity) == (other.sku, other.quantity)


@dataclass(frozen=True, slots=True)
class Reply:
    """How a step of an order's checkout ended; `failure` says why where it did not succeed.

    `undone` is the answer to what undoes the step.
    """

    order_id: str
    step: SagaStep
    failure: str | None = None
    undone: bool = False
