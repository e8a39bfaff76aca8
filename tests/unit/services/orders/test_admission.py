"""How many orders are let in at once."""

import pytest

from services.orders.entrypoints.admission import Admission
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
