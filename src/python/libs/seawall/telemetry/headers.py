"""What calls take along, over HTTP and, as metadata, over gRPC."""

from typing import Final

from seawall.telemetry.correlation import current_correlation_id
from seawall.telemetry.trace_context import current_traceparent

REQUEST_ID: Final = "x-request-id"
"""The correlation id."""
TRACEPARENT: Final = "traceparent"
"""W3C Trace Context, also the name in a message's headers."""


def outgoing_headers() -> dict[str, str]:
    """Correlation id and trace of what is being worked on; empty outside of any work."""
    headers = {}
    if (correlation_id := current_correlation_id()) is not None:
        headers[REQUEST_ID] = correlation_id
    if (traceparent := current_traceparent()) is not None:
        headers[TRACEPARENT] = traceparent
    return headers
