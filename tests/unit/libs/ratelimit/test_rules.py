"""Rules and charges: their numbers, and what is refused."""

import pytest

from seawall.ratelimit import Charge, MemoryRateLimiter, Rule


def test_a_rule_without_a_burst_gives_its_limit_at_once():
    """Six a minute: all six together, and one back after ten seconds."""
    rule = Rule("six", limit=6, period_seconds=60)
    assert (rule.capacity, rule.interval, rule.tolerance) == (6, 100_000_000, 600_000_000)


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0},
        {"burst": -1},
        {"period_seconds": 0},
        {"period_seconds": float("inf")},
        {"period_seconds": float("nan")},
        {"name": "Sign In"},
        {"name": ""},
        {"name": "x" * 65},
        {"limit": 100_000_000, "period_seconds": 1},
        {"period_seconds": 86400 * 365 * 100},
    ],
)
def test_numbers_that_cannot_be_held_are_refused(wrong):
    """What would never allow, or what a double could not count exactly."""
    with pytest.raises(ValueError):
        Rule(**{"name": "rule", "limit": 1, "period_seconds": 1} | wrong)


def test_units_cannot_be_given_back():
    """A negative charge would raise somebody's limit."""
    with pytest.raises(ValueError):
        Charge(Rule("rule", 1, 1), "ann", -1)


@pytest.mark.parametrize(
    ("replicas", "capacity", "interval_seconds"), [(1, 10, 6.0), (3, 3, 18.0), (20, 1, 120.0)]
)
def test_a_replicas_share(replicas, capacity, interval_seconds):
    """Pace and capacity over the replicas; at least one unit, or many replicas would lock all out."""
    share = Rule("rule", limit=10, period_seconds=60).for_replica(replicas)
    assert (share.capacity, share.interval / 10_000_000) == (capacity, interval_seconds)


def test_more_than_a_share_takes_all_of_it():
    """A large charge that the whole rule allows is not locked out; one that it never allows still is."""
    rule = Rule("rule", limit=10, period_seconds=60)
    assert Charge(rule, "ann", 8).for_replica(5).units == 2
    assert Charge(rule, "ann", 11).for_replica(5).units == 11


def test_memory_is_bounded():
    """A flood of subjects pushes out whole counts first, then the oldest."""
    now = [0.0]
    limiter = MemoryRateLimiter(clock=lambda: now[0], max_keys=100)
    slow, quick = Rule("slow", 1, 1000), Rule("quick", 1, 1)
    limiter.take_now("t", [Charge(slow, "kept")])
    for number in range(60):
        limiter.take_now("t", [Charge(quick, str(number))])
    now[0] = 2.0
    for number in range(60):
        limiter.take_now("t", [Charge(slow, str(number))])
    assert len(limiter) == 61
    assert not limiter.take_now("t", [Charge(slow, "kept")]).is_allowed
    for number in range(1000):
        limiter.take_now("t", [Charge(slow, f"more {number}")])
    assert len(limiter) <= 100
    assert not limiter.take_now("t", [Charge(slow, "more 999")]).is_allowed
