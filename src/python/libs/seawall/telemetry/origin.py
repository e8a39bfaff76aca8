"""What a piece of work belongs to, to be kept where the work waits: in a queue, a row, a saga."""

from typing import NamedTuple

from seawall.telemetry.correlation import current_correlation_id
from seawall.telemetry.trace_context import current_traceparent


class Origin(NamedTuple):
    """Correlation id and traceparent."""

    correlation_id: str | None = None
    traceparent: str | None = None


def current_origin() -> Origin:
    """That of what is being worked on."""
    return Origin(current_correlation_id(), current_traceparent())
