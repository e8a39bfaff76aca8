"""Time-outs as they travel: both formats, what is malformed, what is too large."""

import math

import pytest

from seawall.resilience import (
    MalformedTimeout,
    format_grpc_timeout,
    format_request_timeout,
    parse_grpc_timeout,
    parse_request_timeout,
)


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("1", 0.001), ("2500", 2.5), ("00000010", 0.01), ("99999999", 99999.999)]
)
def test_milliseconds_are_read(text: str, seconds: float) -> None:
    """Whole and not negative."""
    assert parse_request_timeout(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", " 1", "1 ", "-1", "+1", "1.5", "1e3", "0x1", "1ms", "1_0", "²", "١"])
def test_malformed_milliseconds_are_refused(text: str) -> None:
    """Python's own int() takes some of these."""
    with pytest.raises(MalformedTimeout):
        parse_request_timeout(text)


@pytest.mark.parametrize("text", ["100000000", "9" * 5000])
def test_more_than_eight_digits_are_refused(text: str) -> None:
    """No number from outside overflows anything here."""
    with pytest.raises(MalformedTimeout):
        parse_request_timeout(text)
    with pytest.raises(MalformedTimeout):
        parse_grpc_timeout(f"{text}n")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1H", 3600), ("2M", 120), ("3S", 3), ("250m", 0.25), ("7u", 7e-6), ("9n", 9e-9), ("0S", 0)],
)
def test_grpc_units_are_read(text: str, seconds: float) -> None:
    """The units of gRPC over HTTP/2."""
    assert parse_grpc_timeout(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "1", "S", "1s", "1h", "1.5S", "-1S", "1S ", "1SS", "1 S", "١S"])
def test_malformed_grpc_time_outs_are_refused(text: str) -> None:
    """Lower-case letters mean other units or none."""
    with pytest.raises(MalformedTimeout):
        parse_grpc_timeout(text)


@pytest.mark.parametrize("seconds", [0, 0.001, 0.25, 0.3, 1.234, 59.999, 3600])
def test_what_is_written_is_read_again(seconds: float) -> None:
    """To the millisecond in one format, and at least as exactly in the other."""
    assert parse_request_timeout(format_request_timeout(seconds)) == pytest.approx(seconds)
    assert parse_grpc_timeout(format_grpc_timeout(seconds)) == pytest.approx(seconds)


@pytest.mark.parametrize("seconds", [1e12, math.inf])
def test_what_is_too_long_is_cut(seconds: float) -> None:
    """Years are as good as for ever."""
    assert format_request_timeout(seconds) == "99999999"
    assert format_grpc_timeout(seconds) == "99999999H"


def test_what_is_over_is_nothing() -> None:
    """A time-out is never negative, and less than a millisecond is not rounded up."""
    assert format_request_timeout(-1) == "0"
    assert format_request_timeout(0.0009) == "0"
    assert format_grpc_timeout(-1) == "0n"
