"""The cycle collector of a service."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from seawall.web.collector import fit_collector


class Knot:
    """Refers to itself: only the collector frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def collector_as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_what_lives_at_the_start_is_not_scanned_again() -> None:
    """The heap of the start is out of the collector's sight."""
    started = Knot()
    fit_collector()
    assert gc.get_freeze_count() > 0
    assert not any(seen is started for seen in gc.get_objects())


def test_later_cycles_are_still_freed() -> None:
    """Garbage made after the start is collected when enough has gathered."""
    fit_collector()
    gone = weakref.ref(Knot())
    young = [[] for _ in range(2 * gc.get_threshold()[0])]  # type: ignore[var-annotated]
    assert gone() is None
    assert young
