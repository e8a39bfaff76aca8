"""Whether processes grow: their memory late in a run beside that after its first third."""

import statistics
from collections.abc import Sequence

from tools.rehearsal.processes import Usage

# Caches and pools fill in the first third; what goes on growing afterwards has no bound.
WARM_SHARE = 1 / 3
WINDOW_SHARE = 1 / 6
# Less than this is the allocator's noise.
NOISE_MIB = 8.0
NOISE_SHARE = 0.1

Looks = Sequence[tuple[float, float]]


def growth_mib(usage: Usage, load_seconds: float) -> float | None:
    """How much more it had in the last sixth of the load than in the sixth after the first third.

    None where there is nothing to compare: it was started again, or seldom looked at.
    """
    if usage.restarts:
        return None
    early = _median(usage.memory, load_seconds * WARM_SHARE, load_seconds * (WARM_SHARE + WINDOW_SHARE))
    late = _median(usage.memory, load_seconds * (1 - WINDOW_SHARE), load_seconds)
    return None if early is None or late is None else round(late - early, 1)


def grew(usage: Usage, load_seconds: float) -> bool:
    """Whether it has grown by more than noise."""
    growth = growth_mib(usage, load_seconds)
    return growth is not None and growth > max(NOISE_MIB, NOISE_SHARE * usage.rss_mib)


def _median(looks: Looks, begin: float, end: float) -> float | None:
    within = [mib for seconds, mib in looks if begin <= seconds <= end]
    return statistics.median(within) if within else None
