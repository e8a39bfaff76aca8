"""What keeps a slow or failing dependency from taking its callers down: deadlines."""

from seawall.resilience.deadline import (
    HOP_SECONDS,
    LEAST_SECONDS,
    Deadline,
    before_deadline,
    bind_deadline,
    current_deadline,
    start_detached,
)
from seawall.resilience.errors import DeadlineExceeded, MalformedTimeout, ResilienceError
from seawall.resilience.timeout_headers import (
    GRPC_TIMEOUT,
    REQUEST_TIMEOUT,
    format_grpc_timeout,
    format_request_timeout,
    parse_grpc_timeout,
    parse_request_timeout,
)

__all__ = [
    "GRPC_TIMEOUT",
    "HOP_SECONDS",
    "LEAST_SECONDS",
    "REQUEST_TIMEOUT",
    "Deadline",
    "DeadlineExceeded",
    "MalformedTimeout",
    "ResilienceError",
    "before_deadline",
    "bind_deadline",
    "current_deadline",
    "format_grpc_timeout",
    "format_request_timeout",
    "parse_grpc_timeout",
    "parse_request_timeout",
    "start_detached",
]
