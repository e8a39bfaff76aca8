"""The bench's flags and their limits."""

import pytest

from tools.bench.flags import MEASURES, parse


def test_everything_is_measured_unless_told_otherwise():
    """The defaults are a whole run, bounded in time."""
    flags = parse([])
    assert flags.only == list(MEASURES)
    assert flags.rounds == 3
    assert flags.limit_minutes > 0


@pytest.mark.parametrize(
    ("flag", "value", "said"),
    [
        ("--rounds", "0", "from 1 to 100"),
        ("--seconds", "3", "from 4 to 3,600"),
        ("--seawall-rate", "0", "from 1 to 50,000"),
        ("--reference-rate", "fast", "whole number"),
        ("--only", "everything", "invalid choice"),
    ],
)
def test_a_wrong_flag_is_named_with_its_limit(capsys, flag, value, said):
    """And the exit code is 2."""
    with pytest.raises(SystemExit, match="2"):
        parse([flag, value])
    message = capsys.readouterr().err
    assert flag in message
    assert said in message
