"""The promises of the purchase (architecture.md), each a pure function from a snapshot to its violations."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tools.rehearsal.snapshot import (
    FINAL_ORDER_STATES,
    OPEN_CHARGE_STATES,
    Order,
    ProviderCharge,
    Snapshot,
)

Check = Callable[[Snapshot], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One invariant with what broke it."""

    name: str
    promise: str
    violations: list[str]

    @property
    def holds(self) -> bool:
        return not self.violations


def nothing_is_oversold(snapshot: Snapshot) -> Iterator[str]:
    for sku, row in snapshot.ledger.items():
        if row.reserved + row.sold > row.stock:
            yield f"{sku}: reserved {row.reserved} + sold {row.sold} > stock {row.stock}"
        if min(row.stock, row.reserved, row.sold) < 0:
            yield f"{sku}: stock {row.stock}, reserved {row.reserved}, sold {row.sold}: negative"


def what_is_sold_is_confirmed(snapshot: Snapshot) -> Iterator[str]:
    confirmed = Counter[str]()
    for order in _confirmed(snapshot):
        confirmed[order.sku] += order.quantity
    for sku in sorted(snapshot.ledger.keys() | confirmed.keys()):
        sold = snapshot.ledger[sku].sold if sku in snapshot.ledger else 0
        if sold != confirmed[sku]:
            yield f"{sku}: sold {sold}, confirmed units {confirmed[sku]}"


def the_ledger_adds_up(snapshot: Snapshot) -> Iterator[str]:
    units: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for reservation in snapshot.reservations:
        units[reservation.sku][reservation.state] += reservation.quantity
    for sku, row in snapshot.ledger.items():
        if (row.reserved, row.sold) != (units[sku]["reserved"], units[sku]["sold"]):
            yield (
                f"{sku}: ledger reserved {row.reserved}, sold {row.sold}; "
                f"reservations {units[sku]['reserved']}, {units[sku]['sold']}"
            )


def each_confirmed_order_is_charged_once(snapshot: Snapshot) -> Iterator[str]:
    live = _live_charges(snapshot)
    for order in _confirmed(snapshot):
        charges = live.get(order.order_id, [])
        if len(charges) != 1:
            yield f"order {order.order_id} is confirmed and has {len(charges)} live charges"
        elif charges[0].amount_minor != order.amount_minor:
            yield f"order {order.order_id} costs {order.amount_minor}, charged {charges[0].amount_minor}"


def no_charge_is_left_on_another_order(snapshot: Snapshot) -> Iterator[str]:
    for order_id, charges in _live_charges(snapshot).items():
        order = snapshot.orders.get(order_id)
        if order is not None and order.state != "confirmed":
            yield f"order {order_id} is {order.state} and has {len(charges)} live charges"
        if order is None and order_id not in snapshot.known_orders:
            yield f"{len(charges)} live charges for {order_id or 'no reference'}, which is no order"


def nobody_is_over_the_cap(snapshot: Snapshot) -> Iterator[str]:
    units = Counter[tuple[str, str]]()
    for order in _confirmed(snapshot):
        units[order.customer_id, order.sku] += order.quantity
    for (customer_id, sku), bought in units.items():
        row = snapshot.ledger.get(sku)
        if row is not None and bought > row.per_customer_cap:
            yield f"customer {customer_id} has {bought} of {sku}, cap {row.per_customer_cap}"


def each_accepted_order_is_final(snapshot: Snapshot) -> Iterator[str]:
    for order_id in sorted(snapshot.accepted - snapshot.orders.keys()):
        yield f"order {order_id} was accepted (202) and is lost"
    for order in snapshot.orders.values():
        if order.state not in FINAL_ORDER_STATES:
            yield f"order {order.order_id} is still {order.state}"


def the_counter_equals_the_ledger(snapshot: Snapshot) -> Iterator[str]:
    for sku, row in snapshot.ledger.items():
        available = row.stock - row.reserved - row.sold
        counter = snapshot.counters.get(sku)
        if counter != available:
            found = "nothing" if counter is None else counter
            yield f"{sku}: ledger has {available} available, Valkey {found}"


def payments_agrees_with_the_provider(snapshot: Snapshot) -> Iterator[str]:
    live = _live_charges(snapshot)
    for order_id, row in snapshot.payments.items():
        at_provider = {charge.charge_id for charge in live.get(order_id, [])}
        if row.state in OPEN_CHARGE_STATES:
            yield f"order {order_id}: the charge is still {row.state}"
        elif row.state == "charged" and row.charge_id not in at_provider:
            found = sorted(map(str, at_provider))
            yield f"order {order_id}: payments has {row.charge_id}, the provider {found}"
        elif row.state != "charged" and at_provider:
            yield f"order {order_id}: payments says {row.state}, the provider has it charged"
    for order_id in sorted(snapshot.orders.keys() & live.keys() - snapshot.payments.keys()):
        yield f"order {order_id}: the provider has it charged, payments does not know it"


INVARIANTS: dict[str, tuple[str, Check]] = {
    "stock": ("sold + reserved <= stock for each SKU", nothing_is_oversold),
    "sold": ("units sold = units of confirmed orders", what_is_sold_is_confirmed),
    "reservations": ("the ledger = the sum of its reservations", the_ledger_adds_up),
    "charged once": ("one live charge per confirmed order", each_confirmed_order_is_charged_once),
    "no stray charge": ("no live charge on any other order", no_charge_is_left_on_another_order),
    "cap": ("nobody has more than the cap allows", nobody_is_over_the_cap),
    "final": ("every accepted order is there, confirmed or cancelled", each_accepted_order_is_final),
    "counter": ("the Valkey counter = the ledger", the_counter_equals_the_ledger),
    "payments": ("payments and the provider agree", payments_agrees_with_the_provider),
}


def check(snapshot: Snapshot) -> list[Verdict]:
    """Returns a verdict for each invariant, in their order."""
    return [Verdict(name, promise, list(find(snapshot))) for name, (promise, find) in INVARIANTS.items()]


def _confirmed(snapshot: Snapshot) -> Iterator[Order]:
    return (order for order in snapshot.orders.values() if order.state == "confirmed")


def _live_charges(snapshot: Snapshot) -> dict[str, list[ProviderCharge]]:
    live: defaultdict[str, list[ProviderCharge]] = defaultdict(list)
    for charge in snapshot.provider:
        if charge.is_live:
            live[charge.reference].append(charge)
    return live
