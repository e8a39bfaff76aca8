"""Spans of sampled traces. What nobody samples makes none: it carries its traceparent, and that is all.

Where the trace is sampled, and tracing() runs, a span is made and sent by OpenTelemetry's SDK.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import Enum
from typing import Protocol

from seawall.telemetry.trace_context import bind_traceparent, current_traceparent, is_sampled

Value = str | float | bool


class Kind(Enum):
    """What a span is of, in OpenTelemetry's terms."""

    INTERNAL = "internal"
    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"


class Span(Protocol):
    """A span that has begun."""

    @property
    def traceparent(self) -> str:
        """Itself, as the parent of what it calls."""

    def set(self, name: str, value: Value) -> None:
        """Sets an attribute."""

    def end(self, error: BaseException | None = None, at_ns: int | None = None) -> None:
        """Ends it now, or at a Unix time in nanoseconds."""


class Tracer(Protocol):
    """Makes spans. OpenTelemetry's is in otlp.py; tests have their own."""

    def begin(self, name: str, kind: Kind, traceparent: str, at_ns: int | None = None) -> Span:
        """Begins a child of the traceparent."""


class _Nothing:
    """The span of what is not sampled."""

    traceparent = ""

    def set(self, name: str, value: Value) -> None:
        """Sets nothing."""

    def end(self, error: BaseException | None = None, at_ns: int | None = None) -> None:
        """Ends nothing."""


_NOTHING = nullcontext[Span](_Nothing())
_tracer: Tracer | None = None


@contextmanager
def tracing_by(tracer: Tracer) -> Iterator[None]:
    """For the block, sampled traces get spans of this tracer."""
    global _tracer  # noqa: PLW0603 - as with logging, there is one per process
    before, _tracer = _tracer, tracer
    try:
        yield
    finally:
        _tracer = before


def is_traced() -> bool:
    """Whether a span that begins now is made: to spare what only a span needs."""
    if _tracer is None:
        return False
    traceparent = current_traceparent()
    return traceparent is not None and is_sampled(traceparent)


def span(name: str, kind: Kind = Kind.INTERNAL) -> AbstractContextManager[Span]:
    """A span around the block, which is the current parent in it. What the block raises is recorded."""
    traceparent = current_traceparent()
    if _tracer is None or traceparent is None or not is_sampled(traceparent):
        return _NOTHING
    return _around(_tracer.begin(name, kind, traceparent))


def record_span(name: str, kind: Kind, traceparent: str, *, began_ns: int, ended_ns: int) -> None:
    """A span of something that is over, in the trace of `traceparent`. Times are Unix nanoseconds."""
    if _tracer is not None and is_sampled(traceparent):
        _tracer.begin(name, kind, traceparent, began_ns).end(at_ns=ended_ns)


@contextmanager
def _around(begun: Span) -> Iterator[Span]:
    error: BaseException | None = None
    try:
        with bind_traceparent(begun.traceparent):
            yield begun
    except BaseException as raised:
        error = raised
        raise
    finally:
        begun.end(error)
