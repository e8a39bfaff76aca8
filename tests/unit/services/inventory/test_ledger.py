"""The decisions of the ledger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inventory.domain import (
    Commit,
    Committed,
    IllegalCommand,
    Item,
    ItemKey,
    Ledger,
    Position,
    Refusal,
    Refused,
    Release,
    Released,
    ReservationState,
    Reserve,
    Reserved,
)
from unit.services.inventory.fakes import a_wish

MUG = ItemKey("sale", "mug")


def a_ledger(stock=3, cap=2):
    return Ledger.of([Item(MUG, stock, cap)], [], {})


def counts(ledger):
    return ledger.items[MUG].reserved, ledger.items[MUG].sold


def test_units_are_reserved_then_sold():
    """Commit moves the units from reserved to sold."""
    ledger = a_ledger()
    assert ledger.apply(Reserve(a_wish("o1", 2))) == Reserved("o1")
    assert counts(ledger) == (2, 0)
    assert ledger.apply(Commit("o1")) == Committed("o1")
    assert counts(ledger) == (0, 2)
    assert ledger.reservations["o1"].state is ReservationState.SOLD


def test_what_is_not_there_is_refused():
    """An order for more than is left gets nothing, and leaves the rest to others."""
    ledger = a_ledger(stock=3, cap=9)
    ledger.apply(Reserve(a_wish("o1", 2)))
    assert ledger.apply(Reserve(a_wish("o2", 2))) == Refused("o2", Refusal.SOLD_OUT)
    assert ledger.apply(Reserve(a_wish("o3", 1))) == Reserved("o3")
    assert ledger.items[MUG].available == 0


def test_the_cap_counts_all_orders_of_the_customer():
    """Reserved and sold units of the same customer count, those of others do not."""
    ledger = a_ledger(stock=9, cap=2)
    ledger.apply(Reserve(a_wish("o1", 1, "ann")))
    ledger.apply(Commit("o1"))
    ledger.apply(Reserve(a_wish("o2", 1, "ann")))
    assert ledger.apply(Reserve(a_wish("o3", 1, "ann"))) == Refused("o3", Refusal.CUSTOMER_CAP)
    assert ledger.apply(Reserve(a_wish("o4", 2, "bob"))) == Reserved("o4")


def test_units_from_before_the_batch_count_for_the_cap():
    """What the store says the customer has is added."""
    ledger = Ledger.of([Item(MUG, 9, 2, reserved=2)], [], {(MUG, "ann"): 2})
    assert ledger.apply(Reserve(a_wish("o1", 1, "ann"))) == Refused("o1", Refusal.CUSTOMER_CAP)


def test_released_units_can_be_reserved_again():
    """A release gives back the stock and the customer's share of the cap."""
    ledger = a_ledger(stock=2, cap=2)
    ledger.apply(Reserve(a_wish("o1", 2, "ann")))
    assert ledger.apply(Release(a_wish("o1", 2, "ann"))) == Released("o1")
    assert ledger.apply(Reserve(a_wish("o2", 2, "ann"))) == Reserved("o2")


def test_a_release_that_comes_first_refuses_the_reservation():
    """The release of an unknown order is remembered."""
    ledger = a_ledger()
    assert ledger.apply(Release(a_wish("o1"))) == Released("o1")
    assert ledger.apply(Reserve(a_wish("o1"))) == Refused("o1", Refusal.RELEASED)
    assert counts(ledger) == (0, 0)


def test_an_unknown_item_is_refused():
    """There is no row to reserve from."""
    assert a_ledger().apply(Reserve(a_wish("o1", sku="cup"))) == Refused("o1", Refusal.UNKNOWN_ITEM)


@pytest.mark.parametrize("command", [Reserve(a_wish("o1")), Commit("o1")])
def test_a_repeated_command_changes_nothing(command):
    """The second time gets the same answer."""
    ledger = a_ledger()
    ledger.apply(Reserve(a_wish("o1")))
    first = ledger.apply(command)
    before = counts(ledger)
    assert ledger.apply(command) == first
    assert counts(ledger) == before


def test_a_repeated_release_gives_back_once():
    """Units cannot be given back twice."""
    ledger = a_ledger()
    ledger.apply(Reserve(a_wish("o1")))
    ledger.apply(Reserve(a_wish("o2")))
    for _ in range(2):
        assert ledger.apply(Release(a_wish("o1"))) == Released("o1")
    assert counts(ledger) == (1, 0)


@pytest.mark.parametrize("before", [[], [Release(a_wish("o1"))]])
def test_what_is_not_reserved_cannot_be_sold(before):
    """A commit without a reservation is no legal command."""
    ledger = a_ledger()
    for command in before:
        ledger.apply(command)
    with pytest.raises(IllegalCommand):
        ledger.apply(Commit("o1"))


def test_what_is_sold_cannot_be_released():
    """Sold is final."""
    ledger = a_ledger()
    ledger.apply(Reserve(a_wish("o1")))
    ledger.apply(Commit("o1"))
    with pytest.raises(IllegalCommand):
        ledger.apply(Release(a_wish("o1")))
    assert counts(ledger) == (0, 1)


def test_a_position_says_whether_units_are_kept():
    """Reserved and sold are kept; released and refused are not."""
    ledger = a_ledger(stock=1)
    kept, refused = a_wish("o1"), a_wish("o2")
    ledger.apply(Reserve(kept))
    ledger.apply(Reserve(refused))
    assert ledger.position(kept) == Position(kept, kept=True)
    assert ledger.position(refused) == Position(refused, kept=False)
    ledger.apply(Release(kept))
    assert ledger.position(kept) == Position(kept, kept=False)


wishes = st.builds(
    a_wish, st.sampled_from(["o1", "o2", "o3", "o4"]), st.integers(1, 3), st.sampled_from(["ann", "bob"])
)
commands = st.lists(
    st.one_of(wishes.map(Reserve), wishes.map(Release), st.sampled_from(["o1", "o2", "o3", "o4"]).map(Commit))
)


@given(commands)
def test_whatever_is_commanded_the_books_agree(batch):
    """Counts follow from the reservations, and neither the stock nor a cap is ever exceeded."""
    ledger = a_ledger(stock=4, cap=3)
    for command in batch:
        try:
            ledger.apply(command)
        except IllegalCommand:
            continue
    by_state = dict.fromkeys(ReservationState, 0)
    by_customer = {"ann": 0, "bob": 0}
    for reservation in ledger.reservations.values():
        by_state[reservation.state] += reservation.wish.quantity
        if reservation.state is not ReservationState.RELEASED:
            by_customer[reservation.wish.customer_id] += reservation.wish.quantity
    assert counts(ledger) == (by_state[ReservationState.RESERVED], by_state[ReservationState.SOLD])
    assert sum(counts(ledger)) <= 4
    assert all(units <= 3 for units in by_customer.values())
