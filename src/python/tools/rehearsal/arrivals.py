"""When customers arrive: schedules drawn ahead of the system's answers, so the load is open."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CROWD_SECONDS = 5.0
QUIET_SHARE = 0.1
OVERLOAD_FACTOR = 4.0


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time with a constant mean rate (arrivals per second)."""

    seconds: float
    rate: float


def poisson(rate: float, duration_seconds: float) -> list[Phase]:
    """Returns an even load."""
    return [Phase(duration_seconds, rate)]


def flash(rate: float, duration_seconds: float) -> list[Phase]:
    """Returns quiet, then the whole crowd at once (five seconds, or a fifth of the time), then quiet.

    The mean over the whole duration is `rate`; the quiet parts have a tenth of it.
    """
    crowd_seconds = min(CROWD_SECONDS, duration_seconds / 5)
    quiet_rate = rate * QUIET_SHARE
    before_seconds = duration_seconds / 5
    after_seconds = duration_seconds - before_seconds - crowd_seconds
    crowd = rate * duration_seconds - quiet_rate * (before_seconds + after_seconds)
    return [
        Phase(before_seconds, quiet_rate),
        Phase(crowd_seconds, crowd / crowd_seconds),
        Phase(after_seconds, quiet_rate),
    ]


def overload(rate: float, duration_seconds: float) -> list[Phase]:
    """Returns a quarter of the time at `rate`, half of it at four times that, and a quarter at `rate`.

    A rate of half of what the shop can take makes it twice as much as it can.
    """
    quarter = duration_seconds / 4
    return [Phase(quarter, rate), Phase(2 * quarter, rate * OVERLOAD_FACTOR), Phase(quarter, rate)]


PROFILES = {"poisson": poisson, "flash": flash, "overload": overload}


def schedule(phases: Sequence[Phase], seed: int) -> Iterator[float]:
    """Yields the seconds of each arrival since the start, ascending: a Poisson process per phase.

    Exponential gaps have no memory, so each phase may begin its gaps anew.
    """
    rng = random.Random(seed)
    begin = 0.0
    for phase in phases:
        end = begin + phase.seconds
        at = begin + rng.expovariate(phase.rate)
        while at < end:
            yield at
            at += rng.expovariate(phase.rate)
        begin = end
