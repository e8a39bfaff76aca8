"""Jitter, early refresh, and how long a lease holds."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.cache import CachePolicy
from seawall.cache.load_times import LoadTimes
from seawall.cache.policy import early_seconds

DRAWS = st.floats(0, 1, exclude_max=True)


@given(DRAWS)
def test_a_ttl_is_at_most_a_tenth_longer_or_shorter(draw):
    """For what is there, and for what is not."""
    policy = CachePolicy(ttl_seconds=60, negative_ttl_seconds=5)
    assert 54 <= policy.fresh_seconds(True, lambda: draw) <= 66
    assert 4.5 <= policy.fresh_seconds(False, lambda: draw) <= 5.5


def test_early_refresh_is_exponential_in_the_time_of_a_load():
    """Drawn often, its mean is beta times the load, as XFetch has it."""
    draw = random.Random(3).random
    drawn = [early_seconds(0.2, 2.0, draw) for _ in range(20_000)]
    assert min(drawn) >= 0
    assert sum(drawn) / len(drawn) == pytest.approx(0.4, rel=0.05)


def test_without_beta_nothing_is_refreshed_early():
    """Nor is what took no time."""
    assert early_seconds(1.0, 0.0, lambda: 0.99) == early_seconds(0.0, 1.0, lambda: 0.99) == 0


def test_a_lease_holds_twice_the_99th_percentile():
    """A single outlier among a hundred does not count; what is quick still has a tenth of a second."""
    times = LoadTimes()
    assert times.lease_seconds() == 1.0
    for _ in range(100):
        times.add(0.2)
    times.add(30.0)
    assert times.lease_seconds() == pytest.approx(0.4)
    for _ in range(200):
        times.add(0.001)
    assert times.lease_seconds() == pytest.approx(0.1)
