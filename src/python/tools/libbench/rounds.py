"""Rounds: every contender takes a turn in each of them, so that what slows the machine slows all."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tools.libbench.comparison import Comparison, Run

OURS = "seawall"
# A turn that is shorter measures the clock and the loop's own wake-ups.
LEAST_SECONDS = 0.005


@dataclass
class Result:
    """Microseconds per operation of each contender, one value a round; ours is called `seawall`."""

    lib: str
    comparison: Comparison
    microseconds: dict[str, list[float]] = field(default_factory=dict)


async def measure(
    lib: str,
    comparisons: Sequence[Comparison],
    *,
    rounds: int,
    turn_seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> list[Result]:
    """Runs the rounds, each contender about `turn_seconds` in each. Errors: whatever a contender raises."""
    results = [Result(lib, comparison) for comparison in comparisons]
    for result in results:
        runs = {OURS: result.comparison.ours, **result.comparison.others}
        counts = {name: await _operations(run, turn_seconds, clock) for name, run in runs.items()}
        for number in range(rounds):
            for name in _turned(list(runs), number):
                seconds = await _turn(runs[name], counts[name], clock)
                result.microseconds.setdefault(name, []).append(seconds / counts[name] * 1e6)
    return results


async def _operations(run: Run, turn_seconds: float, clock: Callable[[], float]) -> int:
    """How many fit into a turn. Finding out warms the contender up."""
    operations = 1
    while (seconds := await _turn(run, operations, clock)) < min(LEAST_SECONDS, turn_seconds):
        operations *= 2
    return max(1, round(operations * turn_seconds / seconds))


async def _turn(run: Run, operations: int, clock: Callable[[], float]) -> float:
    # Nobody pays for the garbage of the one before.
    gc.collect()
    began_at = clock()
    await run(operations)
    return clock() - began_at


def _turned(names: list[str], number: int) -> list[str]:
    """Another one begins each round."""
    first = number % len(names)
    return names[first:] + names[:first]
