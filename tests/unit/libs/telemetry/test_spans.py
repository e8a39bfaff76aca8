"""Spans of sampled traces, and of no others."""

import asyncio
from dataclasses import dataclass, field

import pytest

from seawall.telemetry import (
    Kind,
    bind_trace,
    bind_traceparent,
    current_traceparent,
    is_sampled,
    is_traced,
    record_span,
    sampling,
    span,
    tracing_by,
)

SAMPLED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNSAMPLED = SAMPLED[:-2] + "00"


@dataclass
class FakeSpan:
    name: str
    kind: Kind
    parent: str
    traceparent: str
    began_ns: int | None = None
    attributes: dict[str, object] = field(default_factory=dict)
    ended: list[tuple[BaseException | None, int | None]] = field(default_factory=list)

    def set(self, name: str, value: object) -> None:
        self.attributes[name] = value

    def end(self, error: BaseException | None = None, at_ns: int | None = None) -> None:
        self.ended.append((error, at_ns))


class FakeTracer:
    def __init__(self) -> None:
        self.spans: list[FakeSpan] = []

    def begin(self, name: str, kind: Kind, traceparent: str, at_ns: int | None = None) -> FakeSpan:
        own = f"{traceparent[:36]}{len(self.spans) + 1:016x}-01"
        self.spans.append(FakeSpan(name, kind, traceparent, own, at_ns))
        return self.spans[-1]


@pytest.fixture
def tracer():
    tracer = FakeTracer()
    with tracing_by(tracer):
        yield tracer


def test_spans_are_children_of_those_around_them(tracer: FakeTracer) -> None:
    """The outermost is a child of the caller's; after a block its parent is the current one again."""
    with bind_trace(SAMPLED), span("request", Kind.SERVER) as outer:
        assert current_traceparent() == outer.traceparent
        with span("call", Kind.CLIENT) as inner:
            inner.set("tries", 2)
        assert current_traceparent() == outer.traceparent
    request, call = tracer.spans
    assert (request.parent, call.parent) == (SAMPLED, request.traceparent)
    assert (request.kind, call.kind, call.attributes) == (Kind.SERVER, Kind.CLIENT, {"tries": 2})
    assert request.ended == call.ended == [(None, None)]


@pytest.mark.parametrize("traceparent", [None, UNSAMPLED])
def test_what_is_not_sampled_makes_none(tracer: FakeTracer, traceparent: str | None) -> None:
    """The block runs, and what it sets is dropped; its trace is what it was."""
    with bind_traceparent(traceparent), span("request") as nothing:
        nothing.set("route", "/")
        assert current_traceparent() == traceparent
        assert not is_traced()
    assert tracer.spans == []


def test_without_a_tracer_nothing_is_made() -> None:
    """However a trace is marked."""
    with bind_trace(SAMPLED), span("request"):
        assert current_traceparent() == SAMPLED
        assert not is_traced()


def test_an_error_goes_through_and_is_told(tracer: FakeTracer) -> None:
    """The span ends with it."""
    with pytest.raises(KeyError), bind_trace(SAMPLED), span("request"):
        raise KeyError("secret")
    [(error, _)] = tracer.spans[0].ended
    assert isinstance(error, KeyError)


async def test_tasks_of_one_span_have_it_as_their_parent(tracer: FakeTracer) -> None:
    """Side by side they do not become each other's."""

    async def work(name: str) -> None:
        with span(name):
            await asyncio.sleep(0)

    with bind_trace(SAMPLED), span("request") as request:
        await asyncio.gather(work("a"), work("b"))
    assert {s.parent for s in tracer.spans[1:]} == {request.traceparent}


def test_what_is_over_is_recorded_with_its_times(tracer: FakeTracer) -> None:
    """If it is sampled."""
    for traceparent in (SAMPLED, UNSAMPLED):
        record_span("process orders", Kind.CONSUMER, traceparent, began_ns=5, ended_ns=9)
    [recorded] = tracer.spans
    assert (recorded.parent, recorded.began_ns, recorded.ended) == (SAMPLED, 5, [(None, 9)])


@pytest.mark.parametrize(("ratio", "expected"), [(0.0, {False}), (1.0, {True}), (0.5, {True, False})])
def test_a_share_of_new_traces_is_sampled(ratio: float, expected: set[bool]) -> None:
    """A trace that enters keeps its caller's decision."""
    decisions = set()
    with sampling(ratio):
        for _ in range(200):
            with bind_trace(None):
                decisions.add(is_sampled(current_traceparent() or ""))
        for given in (SAMPLED, UNSAMPLED):
            with bind_trace(given):
                assert current_traceparent() == given
    assert decisions == expected
    with bind_trace(None):
        assert not is_sampled(current_traceparent() or "")
