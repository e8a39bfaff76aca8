"""Each invariant is found broken when it is, and only then."""

from dataclasses import replace

import pytest

from tools.rehearsal.invariants import INVARIANTS, check
from tools.rehearsal.snapshot import Snapshot
from unit.tools.rehearsal.snapshots import changed, charge, healthy, order


def broken(snapshot: Snapshot) -> set[str]:
    return {verdict.name for verdict in check(snapshot) if not verdict.holds}


def without(rows, key):
    return {name: row for name, row in rows.items() if name != key}


def test_a_healthy_sale_breaks_nothing():
    """All invariants are looked at, and all hold."""
    verdicts = check(healthy())
    assert [verdict.name for verdict in verdicts] == list(INVARIANTS)
    assert all(verdict.holds for verdict in verdicts)


def test_a_charge_for_an_order_of_another_sale_is_nobodys_business_here():
    """The provider's book holds the charges of all sales."""
    snapshot = healthy()
    assert broken(replace(snapshot, provider=[*snapshot.provider, charge("elsewhere")])) == set()


BREAKS = {
    "reserved and sold exceed the stock": (
        lambda s: changed(s, "ledger", "mug", stock=2),
        {"stock", "counter"},
    ),
    "a negative figure in the ledger": (
        lambda s: changed(s, "ledger", "mug", reserved=-1),
        {"stock", "reservations", "counter"},
    ),
    "sold more than confirmed": (
        lambda s: changed(s, "orders", "two", state="cancelled"),
        {"sold", "no stray charge"},
    ),
    "sold less than confirmed": (
        lambda s: replace(
            s,
            orders={**s.orders, "new": order("new", customer_id="eve")},
            provider=[*s.provider, charge("new")],
        ),
        {"sold", "payments"},
    ),
    "a confirmed order of an item that is not in the ledger": (
        lambda s: changed(s, "orders", "two", sku="cup"),
        {"sold"},
    ),
    "a reservation without its units in the ledger": (
        lambda s: replace(s, reservations=s.reservations[1:]),
        {"reservations"},
    ),
    "a confirmed order without a charge": (
        lambda s: replace(s, provider=s.provider[1:]),
        {"charged once", "payments"},
    ),
    "a confirmed order charged twice": (
        lambda s: replace(s, provider=[*s.provider, charge("two", charge_id="ch_again")]),
        {"charged once"},
    ),
    "a confirmed order charged a wrong amount": (
        lambda s: replace(s, provider=[charge("one", amount_minor=999), *s.provider[1:]]),
        {"charged once"},
    ),
    "a charge left on a cancelled order": (
        lambda s: replace(s, provider=[*s.provider[:2], charge("late"), *s.provider[3:]]),
        {"no stray charge", "payments"},
    ),
    "a charge for no order at all": (
        lambda s: replace(s, provider=[*s.provider, charge("ghost")]),
        {"no stray charge"},
    ),
    "a customer over the cap": (
        lambda s: changed(s, "ledger", "mug", per_customer_cap=1),
        {"cap"},
    ),
    "a customer over the cap by two orders": (
        lambda s: changed(s, "orders", "two", customer_id="ada"),
        {"cap"},
    ),
    "an accepted order that is lost": (
        lambda s: replace(s, accepted=s.accepted | {"lost"}),
        {"final"},
    ),
    "an order that is stuck": (
        lambda s: changed(s, "orders", "late", state="payment_pending"),
        {"final"},
    ),
    "a counter that differs": (lambda s: replace(s, counters={"mug": 3}), {"counter"}),
    "a counter that is missing": (lambda s: replace(s, counters={}), {"counter"}),
    "a charge under way for ever": (
        lambda s: changed(s, "payments", "late", state="voiding"),
        {"payments"},
    ),
    "a charge that payments does not know": (
        lambda s: replace(s, payments=without(s.payments, "two")),
        {"payments"},
    ),
    "a charge that payments believes voided": (
        lambda s: changed(s, "payments", "two", state="voided"),
        {"payments"},
    ),
    "another charge than payments has": (
        lambda s: changed(s, "payments", "two", charge_id="ch_other"),
        {"payments"},
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_broken_is_found_and_named(name):
    """The broken invariants, and no others, have violations."""
    damage, expected = BREAKS[name]
    assert broken(damage(healthy())) == expected


def test_every_invariant_is_broken_by_some_test():
    """No invariant goes untested."""
    assert set().union(*(expected for _, expected in BREAKS.values())) == set(INVARIANTS)
