"""What a process says about itself: JSON logs that share one correlation id."""

from seawall.telemetry.correlation import bind_correlation_id, current_correlation_id, new_correlation_id
from seawall.telemetry.logs import configure_logging, log_fields
from seawall.telemetry.outage_log import OutageLog
from seawall.telemetry.trace_context import bind_traceparent, current_traceparent

__all__ = [
    "OutageLog",
    "bind_correlation_id",
    "bind_traceparent",
    "configure_logging",
    "current_correlation_id",
    "current_traceparent",
    "log_fields",
    "new_correlation_id",
]
