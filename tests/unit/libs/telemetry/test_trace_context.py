"""The trace that is carried by hand."""

import pytest

from seawall.telemetry import bind_traceparent, current_traceparent

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_it_is_there_for_the_block_and_gone_after_it() -> None:
    """Blocks may lie within each other."""
    with bind_traceparent(TRACEPARENT):
        with bind_traceparent(None):
            assert current_traceparent() is None
        assert current_traceparent() == TRACEPARENT
    assert current_traceparent() is None


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "nonsense",
        TRACEPARENT.upper(),
        TRACEPARENT + "\n",
        TRACEPARENT[:-1],
        "ff" + TRACEPARENT[2:],
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
    ],
)
def test_what_is_no_traceparent_is_left_out(malformed: str) -> None:
    """It comes from outside and ends up in headers."""
    with bind_traceparent(TRACEPARENT), bind_traceparent(malformed):
        assert current_traceparent() is None
