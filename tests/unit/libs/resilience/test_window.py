"""Sums over the last seconds."""

from hypothesis import given
from hypothesis import strategies as st

from seawall.resilience.window import Window

SECONDS, SLICES = 10.0, 10

STEPS = st.lists(st.tuples(st.floats(0, 4), st.integers(-3, 9), st.integers(0, 9)), max_size=60)


@given(STEPS)
def test_the_sums_are_those_of_the_last_slices(steps: list[tuple[float, int, int]]) -> None:
    """Whatever is added when: what lies more than the window back is gone, what lies less is there."""
    now = 0.0
    window = Window(SECONDS, lambda: now, SLICES)
    added: list[tuple[int, int, int]] = []
    for pause, amount, marked in steps:
        now += pause
        added.append((int(now), amount, marked))
        in_window = [(a, m) for at, a, m in added if at > int(now) - SLICES]
        expected = (sum(a for a, _ in in_window), sum(m for _, m in in_window))
        assert window.add(amount, marked) == window.sums() == expected


def test_it_can_be_cleared() -> None:
    """Nothing of before is left."""
    window = Window(SECONDS, lambda: 5.0)
    window.add(3, 1)
    window.clear()
    assert window.sums() == (0, 0)
