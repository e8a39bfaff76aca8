"""What a call over HTTP takes along."""

import pytest

from seawall.resilience import DeadlineExceeded, bind_attempt, bind_deadline, call_headers


def test_nothing_without_a_deadline_or_an_attempt():
    """A call of nobody's request has no headers of ours."""
    assert call_headers() == {}


def test_what_remains_and_the_attempt():
    """The time in whole milliseconds, less what the answer needs for its way back; the attempt's number."""
    with bind_deadline(2.0, clock=lambda: 100.0), bind_attempt(2):
        assert call_headers() == {"x-request-timeout-ms": "1995", "x-attempt": "2"}


def test_a_call_that_comes_too_late_is_not_made():
    """With less left than a call is worth."""
    with bind_deadline(0.012), pytest.raises(DeadlineExceeded):
        call_headers()
