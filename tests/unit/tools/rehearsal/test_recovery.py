"""When an overload is over."""

import pytest

from tools.rehearsal.recovery import recovery_seconds
from tools.rehearsal.series import Series

RATE, SECONDS = 10.0, 40.0


def a_series(p99_ms, unserved=()):
    """10 s normal, 20 s above, 10 s normal; every second as usual but those that are named."""
    nothing = [0] * 40
    unknown: list[float | None] = [None] * 40
    values = [p99_ms.get(second, 20.0) for second in range(40)]
    failed = [int(second in unserved) for second in range(40)]
    return Series(nothing, nothing, nothing, nothing, failed, unknown, values, unknown)


@pytest.mark.parametrize(
    ("series", "seconds"),
    [
        (a_series({}), 0),
        (a_series(dict.fromkeys(range(10, 33), 900.0)), 3),
        (a_series({}, unserved=range(10, 32)), 2),
        # A quiet second in the middle of the trouble is no recovery.
        (a_series({}, unserved=[*range(10, 31), 33]), 4),
        # Slower than before, and still quick.
        (a_series(dict.fromkeys(range(30, 40), 99.0)), 0),
        (a_series({}, unserved=range(10, 40)), None),
        (a_series(dict.fromkeys(range(30, 40))), None),
    ],
)
def test_recovery_counts_from_the_end_of_the_overload(series, seconds):
    """To the first of three seconds in a row in which all are served, as quickly as before."""
    assert recovery_seconds(series, RATE, SECONDS) == seconds
