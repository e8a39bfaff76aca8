"""What a process says about itself: JSON logs that share one correlation id."""

from seawall.telemetry.correlation import bind_correlation_id, current_correlation_id, new_correlation_id
from seawall.telemetry.logs import configure_logging, log_fields

__all__ = [
    "bind_correlation_id",
    "configure_logging",
    "current_correlation_id",
    "log_fields",
    "new_correlation_id",
]
