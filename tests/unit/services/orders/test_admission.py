"""How many orders are let in at once."""

from contextlib import ExitStack

import pytest

from services.orders.entrypoints.admission import LEAST_ACCEPTING, Admission
from services.orders.ports import Unavailable


def test_above_the_bound_nobody_waits():
    """Whoever comes when all places are taken is turned away at once."""
    admission = Admission(max_accepting=2)
    with admission.admitted(), admission.admitted(), pytest.raises(Unavailable), admission.admitted():
        pass


def test_a_place_is_free_again_however_it_was_left():
    """An order that fails gives its place back, too."""
    admission = Admission(max_accepting=1)
    for _ in range(3):
        with pytest.raises(KeyError), admission.admitted():
            raise KeyError
    with admission.admitted():
        pass


def test_while_earlier_orders_wait_too_long_no_others_are_let_in():
    """And again as soon as they do not."""
    behind = [True]
    admission = Admission(max_accepting=1, is_behind=lambda: behind[0])
    with pytest.raises(Unavailable), admission.admitted():
        pass
    behind[0] = False
    with admission.admitted():
        pass


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def rounds(admission, clock, count, seconds):
    """Requests that take so long, one after the other."""
    for _ in range(count):
        with admission.admitted():
            clock.now += seconds


def let_in(admission):
    """How many are let in at once."""
    with ExitStack() as places:
        for number in range(1_000):
            try:
                places.enter_context(admission.admitted())
            except Unavailable:
                return number
    raise AssertionError


def test_slow_requests_lower_the_limit_and_quick_ones_raise_it():
    """On a slow machine fewer wait, but never none; once it is quick again all places are back."""
    clock = Clock()
    admission = Admission(max_accepting=100, target_seconds=0.5, clock=clock)
    rounds(admission, clock, 3, seconds=2.0)
    assert let_in(admission) == 51
    rounds(admission, clock, 100, seconds=2.0)
    assert let_in(admission) == LEAST_ACCEPTING
    rounds(admission, clock, 100, seconds=0.1)
    assert let_in(admission) == 100
