"""How a climb finds the highest rate that is held."""

import pytest

from tools.bench.rounds import GROWTH, next_rate
from tools.bench.step import Figures


def step(offered: float, *, held: bool) -> Figures:
    return Figures(
        offered=offered,
        arrivals=offered,
        confirmed=offered,
        confirmed_to_the_end=offered,
        held=held,
        turned_away=0,
        orders=1,
        answer_p50_ms=1,
        answer_p99_ms=1,
        confirm_p50_ms=1,
        confirm_p99_ms=1,
        cpu_ms_per_order=1,
        cpu_seconds={},
        others_cores=0,
    )


def climb(first: float, capacity: float) -> list[Figures]:
    """All steps on a system that holds every rate up to its capacity."""
    steps = []
    rate: float | None = first
    while rate:
        steps.append(step(rate, held=rate <= capacity))
        rate = next_rate(steps)
    return steps


@pytest.mark.parametrize("first", [10, 99, 100, 101, 5000])
def test_a_climb_ends_around_the_capacity(first):
    """From below and from above: one rate is held, and a higher one is not."""
    steps = climb(first, capacity=100)
    held = max(step.offered for step in steps if step.held)
    missed = min(step.offered for step in steps if not step.held)
    assert held <= 100 < missed <= held * GROWTH**2 * 1.001
    assert len(steps) < 20


def test_one_miss_does_not_end_a_climb():
    """Something else may have taken the processor for a moment."""
    steps = [step(100, held=True), step(125, held=False)]
    assert next_rate(steps) == 125 * GROWTH
    steps.append(step(125 * GROWTH, held=True))
    assert next_rate(steps) == 125 * GROWTH**2
