"""The trace that is carried by hand."""

import pytest

from seawall.telemetry import (
    bind_correlation_id,
    bind_trace,
    bind_traceparent,
    current_trace_id,
    current_traceparent,
    outgoing_headers,
    trace_id_of,
)

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_it_is_there_for_the_block_and_gone_after_it() -> None:
    """Blocks may lie within each other."""
    with bind_traceparent(TRACEPARENT):
        with bind_traceparent(None):
            assert current_traceparent() is None
        assert current_traceparent() == TRACEPARENT
    assert current_traceparent() is None


MALFORMED = [
    "",
    "nonsense",
    TRACEPARENT.upper(),
    TRACEPARENT + "\n",
    TRACEPARENT[:-1],
    "ff" + TRACEPARENT[2:],
    f"00-{'0' * 32}-00f067aa0ba902b7-01",
    f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
]


@pytest.mark.parametrize("malformed", MALFORMED)
def test_what_is_no_traceparent_is_left_out(malformed: str) -> None:
    """It comes from outside and ends up in headers."""
    with bind_traceparent(TRACEPARENT), bind_traceparent(malformed):
        assert current_traceparent() is None


@pytest.mark.parametrize("malformed", [None, *MALFORMED])
def test_where_work_enters_what_is_no_traceparent_begins_a_new_trace(malformed: str | None) -> None:
    """A well-formed one that nobody samples; each time another."""
    made = set()
    for _ in range(2):
        with bind_trace(malformed):
            traceparent = current_traceparent()
            assert traceparent is not None
            assert trace_id_of(traceparent) == current_trace_id()
            assert traceparent.endswith("-00")
            made.add(traceparent)
    assert len(made) == 2


def test_a_trace_that_enters_goes_on() -> None:
    """Its trace id is the one of the caller."""
    with bind_trace(TRACEPARENT):
        assert (current_traceparent(), current_trace_id()) == (TRACEPARENT, TRACEPARENT[3:35])


def test_a_call_takes_along_what_its_work_belongs_to() -> None:
    """Outside of any work it takes nothing along."""
    assert outgoing_headers() == {}
    with bind_correlation_id("edge-1"), bind_traceparent(TRACEPARENT):
        assert outgoing_headers() == {"x-request-id": "edge-1", "traceparent": TRACEPARENT}
