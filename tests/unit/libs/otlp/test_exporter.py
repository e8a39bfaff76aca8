"""Spans on their way to a collector."""

import pytest

from collecting import collecting
from seawall.otlp import tracing
from seawall.telemetry import Kind, bind_trace, record_span, span

SAMPLED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_the_collector_gets_the_tree_with_its_attributes_and_errors() -> None:
    """Ids, parents, times, the service; of an error its type, not its words."""
    with collecting() as collector:
        async with tracing("reviews", collector.endpoint, 0.0):
            with bind_trace(SAMPLED):
                with span("request", Kind.SERVER) as outer:
                    outer.set("http.response.status_code", 200)
                with pytest.raises(KeyError), span("call", Kind.CLIENT):
                    raise KeyError("secret")
            record_span("process reviews", Kind.CONSUMER, SAMPLED, began_ns=10**18, ended_ns=10**18 + 7)
        request, call, process = collector.spans_of(SAMPLED[3:35])
    assert {s.service for s in (request, call, process)} == {"reviews"}
    assert {s.parent_id for s in (request, call, process)} == {SAMPLED[36:52]}
    assert request.attributes == {"http.response.status_code": 200}
    assert (call.failed, call.attributes) == (True, {"error.type": "KeyError"})
    assert process.ended_ns - process.began_ns == 7


async def test_a_collector_that_is_away_keeps_nobody() -> None:
    """Spans are dropped when there are too many; the end is not waited for longer than its limit."""
    async with tracing("reviews", "http://127.0.0.1:1", 1.0):
        for _ in range(10_000):
            with bind_trace(SAMPLED), span("request"):
                pass
