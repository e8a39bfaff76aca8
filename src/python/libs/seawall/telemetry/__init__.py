"""What a process says about itself: JSON logs that share one correlation id and one trace."""

from seawall.extras import extra

with extra("telemetry"):
    from seawall.telemetry.correlation import bind_correlation_id, current_correlation_id, new_correlation_id
    from seawall.telemetry.headers import REQUEST_ID, TRACEPARENT, outgoing_headers
    from seawall.telemetry.logs import configure_logging
    from seawall.telemetry.origin import Origin, current_origin
    from seawall.telemetry.outage_log import OutageLog
    from seawall.telemetry.repeated_line import RepeatedLine
    from seawall.telemetry.spans import Kind, Span, Tracer, is_traced, record_span, span, tracing_by
    from seawall.telemetry.trace_context import (
        bind_trace,
        bind_traceparent,
        current_trace_id,
        current_traceparent,
        is_sampled,
        new_traceparent,
        sampling,
        trace_id_of,
    )

__all__ = [
    "REQUEST_ID",
    "TRACEPARENT",
    "Kind",
    "Origin",
    "OutageLog",
    "RepeatedLine",
    "Span",
    "Tracer",
    "bind_correlation_id",
    "bind_trace",
    "bind_traceparent",
    "configure_logging",
    "current_correlation_id",
    "current_origin",
    "current_trace_id",
    "current_traceparent",
    "is_sampled",
    "is_traced",
    "new_correlation_id",
    "new_traceparent",
    "outgoing_headers",
    "record_span",
    "sampling",
    "span",
    "trace_id_of",
    "tracing_by",
]
