"""What the stores hold once the system is quiet: the only thing that the checker believes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

FINAL_ORDER_STATES = frozenset({"confirmed", "cancelled"})
OPEN_CHARGE_STATES = frozenset({"pending", "charging", "voiding"})


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """inventory: the stock of one SKU in the sale."""

    stock: int
    reserved: int
    sold: int
    per_customer_cap: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """inventory: what one order has reserved."""

    order_id: str
    sku: str
    customer_id: str
    quantity: int
    state: str


@dataclass(frozen=True, slots=True)
class Order:
    """orders: one order of the sale."""

    order_id: str
    customer_id: str
    sku: str
    quantity: int
    amount_minor: int
    state: str
    reason: str | None
    placed_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """payments: how its own books see a charge."""

    order_id: str
    state: str
    charge_id: str | None


@dataclass(frozen=True, slots=True)
class ProviderCharge:
    """The provider: a charge; live while its state is `charged`."""

    charge_id: str | None
    idempotency_key: str
    reference: str
    amount_minor: int
    state: str

    @property
    def is_live(self) -> bool:
        return self.state == "charged"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One sale in all stores, and the orders that the load saw accepted.

    `counters` is the Valkey hash of available units, `known_orders` the ids of the shop's orders in
    all sales: a charge for none of them belongs to nobody.
    """

    sale_id: str
    ledger: Mapping[str, LedgerRow]
    counters: Mapping[str, int]
    reservations: Sequence[Reservation]
    orders: Mapping[str, Order]
    payments: Mapping[str, PaymentRow]
    provider: Sequence[ProviderCharge]
    known_orders: frozenset[str] = frozenset()
    accepted: frozenset[str] = field(default_factory=frozenset)
