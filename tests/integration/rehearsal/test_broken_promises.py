"""Each promise is broken on purpose in the real stores, and the checker finds it."""

import pytest

from tools.rehearsal.invariants import INVARIANTS
from tools.rehearsal.quiet import unrest

SQL = {
    "oversold": (
        "inventory",
        ["ALTER TABLE ledger DROP CONSTRAINT never_oversold", "UPDATE ledger SET stock = 2"],
        {"stock", "counter"},
    ),
    "sold without a confirmed order": (
        "inventory",
        ["UPDATE ledger SET sold = 4"],
        {"sold", "reservations", "counter"},
    ),
    "reserved for ever": (
        "inventory",
        ["UPDATE ledger SET reserved = 1"],
        {"reservations", "counter"},
    ),
    "a reservation lost": (
        "inventory",
        ["DELETE FROM reservations WHERE order_id = 'two'"],
        {"reservations"},
    ),
    "confirmed, then cancelled with the money kept": (
        "orders",
        ["UPDATE orders SET state = 'cancelled' WHERE order_id = 'two'"],
        {"sold", "no stray charge"},
    ),
    "an accepted order lost": (
        "orders",
        ["DELETE FROM orders WHERE order_id = 'late'"],
        {"final"},
    ),
    "an order stuck": (
        "orders",
        ["UPDATE orders SET state = 'payment_pending' WHERE order_id = 'late'"],
        {"final"},
    ),
    "over the cap": (
        "orders",
        ["UPDATE orders SET customer_id = 'ada' WHERE order_id = 'two'"],
        {"cap"},
    ),
    "charged a wrong amount": (
        "orders",
        ["UPDATE orders SET amount_minor = 1 WHERE order_id = 'two'"],
        {"charged once"},
    ),
    "payments believes a charge voided": (
        "payments",
        ["UPDATE charges SET state = 'voided' WHERE order_id = 'two'"],
        {"payments"},
    ),
    "a void under way for ever": (
        "payments",
        ["UPDATE charges SET state = 'voiding' WHERE order_id = 'late'"],
        {"payments"},
    ),
}


def _charge_again(shop):
    shop.charge("two", key="two-again")


def _charge_a_cancelled_order(shop):
    shop.charge("late", key="late-again")


def _charge_nobody(shop):
    shop.charge("ghost")


def _give_back_what_is_confirmed(shop):
    shop.provider.void("two")


PROVIDER = {
    "charged twice": (_charge_again, {"charged once"}),
    "a charge on a cancelled order": (_charge_a_cancelled_order, {"no stray charge", "payments"}),
    "a charge for no order": (_charge_nobody, {"no stray charge"}),
    "a confirmed order without its charge": (_give_back_what_is_confirmed, {"charged once", "payments"}),
}


async def test_a_healthy_sale_is_quiet_and_breaks_nothing(shop):
    """What the stores hold is read rightly."""
    assert await shop.broken() == set()
    assert await unrest(shop.stores, shop.sale_id) == {}


@pytest.mark.parametrize("name", SQL)
async def test_what_is_broken_in_a_database_is_found(shop, name):
    """One service's rows say what may not be."""
    service, statements, expected = SQL[name]
    await shop.sql(service, *statements)
    assert await shop.broken() == expected


@pytest.mark.parametrize("name", PROVIDER)
async def test_what_is_broken_at_the_provider_is_found(shop, name):
    """The provider's book decides who was charged."""
    damage, expected = PROVIDER[name]
    damage(shop)
    assert await shop.broken() == expected


async def test_a_counter_that_differs_is_found(shop):
    """Valkey says more than the ledger has, or nothing at all; neither is quiet."""
    await shop.valkey.hset(shop.counters_key, {"mug": 3})
    assert await shop.broken() == {"counter"}
    assert await unrest(shop.stores, shop.sale_id) == {"counters that differ": 1}
    await shop.valkey.delete(shop.counters_key)
    assert await shop.broken() == {"counter"}


async def test_an_order_that_only_the_load_has_seen_is_lost(shop):
    """A 202 without an order in the store."""
    assert await shop.broken(accepted=frozenset({"one", "phantom"})) == {"final"}


def test_every_invariant_is_broken_here():
    """The cases above cover all of them."""
    found = set().union(*(names for *_, names in SQL.values()), *(names for _, names in PROVIDER.values()))
    assert found == set(INVARIANTS)
