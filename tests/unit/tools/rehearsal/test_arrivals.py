"""When customers arrive."""

import itertools

import pytest

from tools.rehearsal.arrivals import CROWD_SECONDS, flash, overload, poisson, schedule


def test_an_even_load_has_its_rate_throughout():
    """Every fifth of the time gets about a fifth of the arrivals, in order."""
    arrivals = list(schedule(poisson(1000, 20), seed=1))
    assert arrivals == sorted(arrivals)
    assert arrivals[0] > 0
    assert arrivals[-1] < 20
    for begin in range(0, 20, 4):
        assert sum(begin <= at < begin + 4 for at in arrivals) == pytest.approx(4000, rel=0.1)


def test_gaps_are_exponential():
    """The gaps' standard deviation equals their mean: arrivals are not evenly spaced."""
    arrivals = list(schedule(poisson(500, 60), seed=2))
    gaps = [later - earlier for earlier, later in itertools.pairwise(arrivals)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert mean == pytest.approx(1 / 500, rel=0.05)
    assert deviation == pytest.approx(mean, rel=0.05)


def test_the_seed_decides():
    """The same seed repeats a schedule; another does not."""
    phases = poisson(100, 5)
    assert list(schedule(phases, 1)) == list(schedule(phases, 1))
    assert list(schedule(phases, 1)) != list(schedule(phases, 2))


@pytest.mark.parametrize("duration", [5, 30, 300])
def test_a_flash_has_its_mean_rate_and_nearly_all_of_it_in_the_crowd(duration):
    """Quiet, crowd, quiet; together as many as were asked for."""
    phases = flash(200, duration)
    assert sum(phase.seconds for phase in phases) == pytest.approx(duration)
    assert sum(phase.seconds * phase.rate for phase in phases) == pytest.approx(200 * duration)
    quiet, crowd, _ = phases
    assert crowd.seconds <= CROWD_SECONDS
    assert crowd.rate > 20 * quiet.rate


def test_an_overload_is_in_the_middle():
    """Normal, four times as much for half of the time, normal again."""
    phases = overload(100, 40)
    assert [(phase.seconds, phase.rate) for phase in phases] == [(10, 100), (20, 400), (10, 100)]
