"""What fails over and over is not told over and over."""

import logging

import pytest

from seawall.telemetry import OutageLog
from seawall.telemetry.repetition import MOST_KEPT, OncePerMinute

LOG = logging.getLogger("test.outages")


def test_an_outage_is_told_when_it_begins_and_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    """With the first error, and with how long it took."""
    caplog.set_level(logging.INFO)
    now = 10.0
    outage = OutageLog(LOG, "the broker", clock=lambda: now, group="g")
    outage.worked()
    for _ in range(3):
        outage.failed(OSError("away"))
        now += 2.0
    outage.worked()
    outage.worked()
    (begin, end) = caplog.records
    assert (begin.levelname, begin.getMessage()) == ("WARNING", "the broker does not work, it is tried again")
    assert (begin.__dict__["error"], begin.__dict__["group"]) == ("OSError('away')", "g")
    assert (end.levelname, end.getMessage()) == ("INFO", "the broker works again")
    assert (end.__dict__["seconds"], end.__dict__["group"]) == (6.0, "g")


def record(name: str, message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "", 0, message, arguments, None)


def test_a_library_that_repeats_itself_is_heard_once_a_minute() -> None:
    """Whatever the arguments; what others say, and other lines, pass."""
    now = 0.0
    passes = OncePerMinute(["chatty"], clock=lambda: now).filter
    assert passes(record("chatty.client", "no answer of %s", "a"))
    assert not passes(record("chatty.client", "no answer of %s", "b"))
    assert passes(record("chatty.client", "another line"))
    assert all(passes(record("ours", "tried")) for _ in range(3))
    now = 61.0
    assert passes(record("chatty.client", "no answer of %s", "a"))


def test_what_a_library_said_does_not_pile_up() -> None:
    """Of more different lines than are kept all is forgotten, and told again."""
    passes = OncePerMinute(["chatty"], clock=lambda: 0.0).filter
    assert all(passes(record("chatty", f"line {number}")) for number in range(MOST_KEPT + 1))
    assert passes(record("chatty", "line 0"))
