"""What travels beside a message."""

import pytest
from msgspec.structs import replace

from seawall.messaging import current_deadline_ms, deadline_ms_of, expired, outgoing, working_on
from seawall.resilience import DeadlineExceeded, bind_deadline, current_deadline
from seawall.telemetry import bind_correlation_id, bind_traceparent
from shop.inventory.v1.inventory_pb2 import CommitStock

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
EVENT = CommitStock(order_id="order-1")


def test_what_a_handler_sends_belongs_to_the_trace_of_its_message() -> None:
    """Correlation id and trace go from message to message; the deadline does not: it is the sender's."""
    with bind_correlation_id("edge-1"), bind_traceparent(TRACEPARENT):
        command = outgoing("t", "k", EVENT, source="orders", deadline_ms=10**14)
    with working_on(command):
        answer = outgoing("t", "k", EVENT, source="inventory")
    assert (answer.correlation_id, answer.headers) == ("edge-1", {"traceparent": TRACEPARENT})
    assert outgoing("t", "k", EVENT, source="inventory").headers == {}


def test_a_handler_works_under_the_deadline_of_its_message() -> None:
    """Calls and statements inside end by it; afterwards there is none."""
    command = outgoing("t", "k", EVENT, source="orders", deadline_ms=12_000)
    with working_on(command, clock=lambda: 10.0):
        deadline = current_deadline()
        assert deadline is not None
        assert 1.9 < deadline.remaining_seconds() <= 2.0
    assert current_deadline() is None


def test_the_clock_of_the_deadline_is_given() -> None:
    """A process whose wall clock jumped goes by another clock."""
    command = outgoing("t", "k", EVENT, source="orders", deadline_ms=12_000)
    with pytest.raises(DeadlineExceeded), working_on(command):
        raise AssertionError("it is decades late by the wall clock")
    with working_on(command, clock=lambda: 11.0):
        pass


def test_the_deadline_of_a_request_is_not_that_of_its_messages() -> None:
    """They are worth sending when the request is over; one whose answer is waited for says so."""
    with bind_deadline(5.0):
        event = outgoing("t", "k", EVENT, source="orders")
        deadline_ms = current_deadline_ms(clock=lambda: 100.0)
    assert deadline_ms_of(event) is None
    assert deadline_ms is not None
    assert 104_900 < deadline_ms <= 105_000
    assert current_deadline_ms() is None


def test_a_message_is_expired_from_its_deadline_on() -> None:
    """One without a deadline never is."""
    message = outgoing("t", "k", EVENT, source="orders", deadline_ms=1_000)
    assert deadline_ms_of(message) == 1_000
    assert [expired(message, now_ms) for now_ms in (999, 1_000, 1_001)] == [False, True, True]
    assert not expired(replace(message, headers={}), 1_000)


@pytest.mark.parametrize("malformed", ["", "soon", "-1", "1.5", "\u0661", "1e3", "9" * 5_000])
def test_a_malformed_deadline_is_none(malformed: str) -> None:
    """A stranger's header drops no message."""
    message = replace(outgoing("t", "k", EVENT, source="orders"), headers={"deadline_ms": malformed})
    assert deadline_ms_of(message) is None
    assert not expired(message, 10**15)
