"""The frequency sketch."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from seawall.cache.frequency import MOST, FrequencySketch


@given(st.lists(st.text(max_size=3), max_size=300))
def test_an_estimate_is_never_too_low(keys):
    """Whatever collides, each key counts at least as often as it was seen, 15 at most."""
    sketch, seen = FrequencySketch(16), Counter[str]()
    for key in keys:
        seen[key] += 1
        sketch.raise_to(key, sketch.estimate(key) + 1)
    assert all(sketch.estimate(key) >= min(count, MOST) for key, count in seen.items())


def test_counts_are_halved():
    """What was seen often counts half, and is forgotten in the end."""
    sketch = FrequencySketch(64)
    sketch.raise_to("k", 9)
    estimates = []
    for _ in range(4):
        sketch.halve()
        estimates.append(sketch.estimate("k"))
    assert estimates == [4, 2, 1, 0]
