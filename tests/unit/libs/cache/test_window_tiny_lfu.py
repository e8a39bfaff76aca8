"""The first level's policy: what it holds, whatever happens, and what it prefers to hold."""

import bisect
import itertools
import random

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from seawall.cache.window_tiny_lfu import WindowTinyLfu

KEYS = st.integers(0, 40).map("k{}".format)
WEIGHTS = st.integers(1, 120)
CAPACITY = 1000


class AgainstADict(RuleBasedStateMachine):
    """Puts, gets and discards in any order, beside a dict that forgets nothing."""

    def __init__(self):
        super().__init__()
        self.cache: WindowTinyLfu = WindowTinyLfu(CAPACITY)
        self.put = {}

    @rule(key=KEYS, value=st.integers(), weight=WEIGHTS)
    def put_value(self, key, value, weight):
        """What is put is held, or is not and the key is gone: never an older value."""
        self.put[key] = (value, weight)
        held = self.cache.put(key, value, weight)
        assert self.cache.get(key) == (value if held else None)

    @rule(key=KEYS, times=st.integers(1, 20))
    def get_value(self, key, times):
        """A value is the last that was put."""
        for _ in range(times):
            assert self.cache.get(key) in (None, self.put.get(key, (None,))[0])

    @rule(key=KEYS)
    def discard_value(self, key):
        """What is discarded is gone."""
        self.cache.discard(key)
        assert self.cache.get(key) is None

    @rule()
    def clear(self):
        """Nothing is left."""
        self.cache.clear()
        assert (len(self.cache), self.cache.weight) == (0, 0)

    @invariant()
    def the_weight_is_that_of_what_is_held_and_within_bounds(self):
        """Checked after each step."""
        held = [key for key in self.put if self.cache.get(key) is not None]
        assert len(held) == len(self.cache)
        assert self.cache.weight == sum(self.put[key][1] for key in held) <= CAPACITY


TestAgainstADict = AgainstADict.TestCase


def test_what_is_too_heavy_is_not_held():
    """A value heavier than the cache displaces nothing."""
    cache: WindowTinyLfu = WindowTinyLfu(CAPACITY)
    cache.put("small", 1, 100)
    assert not cache.put("large", 2, CAPACITY)
    assert cache.get("small") == 1


def test_a_popular_value_outlives_a_scan():
    """Ten times as much as fits, each asked for once, does not displace what is asked for often."""
    cache: WindowTinyLfu = WindowTinyLfu(CAPACITY)
    for key in ("a", "b", "c"):
        cache.put(key, key, 100)
    for _ in range(5):
        assert all(cache.get(key) for key in ("a", "b", "c"))
    for number in range(100):
        cache.put(f"scan{number}", number, 100)
    assert [cache.get(key) for key in ("a", "b", "c")] == ["a", "b", "c"]


def test_a_newcomer_must_be_worth_all_that_it_displaces():
    """A heavy value that is more popular than each of many light ones does not displace them all."""
    cache: WindowTinyLfu = WindowTinyLfu(CAPACITY)
    for number in range(9):
        cache.put(f"light{number}", number, 100)
        cache.get(f"light{number}")
    for _ in range(3):
        cache.put("heavy", 1, 800)
    assert cache.get("heavy") is None
    assert all(cache.get(f"light{number}") is not None for number in range(9))


def test_what_was_popular_once_makes_room():
    """After the crowd has moved on, hits are soon nearly as many as before."""
    early, late = hits_of_two_crowds()
    assert late > 0.8 * early


def hits_of_two_crowds():
    cache: WindowTinyLfu = WindowTinyLfu(50_000)
    draw = random.Random(7)
    weights = list(itertools.accumulate(1 / (rank + 1) for rank in range(2000)))

    def crowd(name):
        hits = 0
        for _ in range(30_000):
            key = f"{name}{bisect.bisect(weights, draw.random() * weights[-1])}"
            if cache.get(key) is None:
                cache.put(key, key, 100)
            else:
                hits += 1
        return hits

    return crowd("first"), crowd("second")
