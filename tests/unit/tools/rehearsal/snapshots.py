"""A healthy sale, to be broken."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.rehearsal.snapshot import (
    LedgerRow,
    Order,
    PaymentRow,
    ProviderCharge,
    Reservation,
    Snapshot,
)

PLACED = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def order(order_id, state="confirmed", *, customer_id="ada", sku="mug", quantity=1, reason=None) -> Order:
    updated = PLACED + timedelta(seconds=1)
    return Order(order_id, customer_id, sku, quantity, 500 * quantity, state, reason, PLACED, updated)


def charge(order_id, *, charge_id=None, amount_minor=500, state="charged") -> ProviderCharge:
    return ProviderCharge(charge_id or f"ch_{order_id}", order_id, order_id, amount_minor, state)


def healthy() -> Snapshot:
    """Two confirmed orders, one cancelled before its charge and one after."""
    orders = [
        order("one", quantity=2),
        order("two", customer_id="bob"),
        order("late", "cancelled", customer_id="cleo", reason="deadline"),
        order("poor", "cancelled", customer_id="dora", reason="declined"),
    ]
    return Snapshot(
        sale_id="sale",
        ledger={"mug": LedgerRow(stock=5, reserved=0, sold=3, per_customer_cap=2)},
        counters={"mug": 2},
        reservations=[
            Reservation("one", "mug", "ada", 2, "sold"),
            Reservation("two", "mug", "bob", 1, "sold"),
            Reservation("late", "mug", "cleo", 1, "released"),
            Reservation("poor", "mug", "dora", 1, "released"),
        ],
        orders={each.order_id: each for each in orders},
        payments={
            "one": PaymentRow("one", "charged", "ch_one"),
            "two": PaymentRow("two", "charged", "ch_two"),
            "late": PaymentRow("late", "voided", "ch_late"),
            "poor": PaymentRow("poor", "declined", None),
        },
        provider=[
            charge("one", amount_minor=1000),
            charge("two"),
            charge("late", state="voided"),
            charge("poor", state="declined"),
        ],
        known_orders=frozenset({"one", "two", "late", "poor", "elsewhere"}),
        accepted=frozenset({"one", "two", "late", "poor"}),
    )


def changed(snapshot: Snapshot, part: str, key: str, **changes) -> Snapshot:
    """The snapshot with one row of a part changed."""
    rows: Any = dict(getattr(snapshot, part))
    rows[key] = replace(rows[key], **changes)
    parts: dict[str, Any] = {part: rows}
    return replace(snapshot, **parts)
