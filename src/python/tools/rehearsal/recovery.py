"""How long the shop takes to be as before, once the load that was too much is over."""

import statistics

from tools.rehearsal.arrivals import PROFILES
from tools.rehearsal.series import Series

# The first seconds of a run open connections and fill caches.
WARM_SECONDS = 3
SECONDS_IN_A_ROW = 3
SLOWER = 2.0
# What is this quick is normal, however much quicker it was before.
QUICK_MS = 100.0


def recovery_seconds(series: Series, rate: float, duration_seconds: float) -> float | None:
    """Seconds from the end of the overload to the first of three in a row that are normal.

    Normal: every request is answered below 500, and the p99 of accepts is at most twice that of the time
    before the overload, or 100 ms. None if that was not seen.
    """
    before, above, _ = PROFILES["overload"](rate, duration_seconds)
    usual = [p99 for p99 in series.p99_ms[WARM_SECONDS : int(before.seconds)] if p99 is not None]
    bound_ms = max(QUICK_MS, SLOWER * statistics.median(usual)) if usual else QUICK_MS
    end = int(before.seconds + above.seconds)
    row = 0
    for second in range(end, min(len(series.arrivals), int(duration_seconds))):
        p99 = series.p99_ms[second]
        normal = not series.unserved[second] and p99 is not None and p99 <= bound_ms
        row = row + 1 if normal else 0
        if row == SECONDS_IN_A_ROW:
            return float(second + 1 - SECONDS_IN_A_ROW - end)
    return None
