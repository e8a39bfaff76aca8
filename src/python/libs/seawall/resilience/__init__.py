"""What keeps a slow dependency from taking its callers down: deadlines, and policies that compose.

The circuit breaker is imported from its module (`seawall.resilience.circuit_breaker`): pybreaker comes
with redis-py, 10 MiB that who has no breaker does not pay for.
"""

from seawall.extras import extra

with extra("resilience"):
    from seawall.resilience.adaptive_limit import AdaptiveLimit, LimitSettings
    from seawall.resilience.attempt import ATTEMPT, bind_attempt, current_attempt, parse_attempt
    from seawall.resilience.bulkhead import Bulkhead, BulkheadSettings
    from seawall.resilience.call_headers import call_headers
    from seawall.resilience.client_throttle import ClientThrottle, ThrottleSettings
    from seawall.resilience.deadline import (
        HOP_SECONDS,
        LEAST_SECONDS,
        Deadline,
        before_deadline,
        bind_deadline,
        current_deadline,
        start_detached,
    )
    from seawall.resilience.errors import (
        BulkheadFull,
        CircuitOpen,
        DeadlineExceeded,
        MalformedTimeout,
        NeverSent,
        Rejected,
        ResilienceError,
        ServerSilent,
        Shed,
        Throttled,
        TimedOut,
    )
    from seawall.resilience.failures import Effect, effect_of, is_outage, is_overdue, is_refusal
    from seawall.resilience.fallback import Fallback, LastGood, value
    from seawall.resilience.hedge import Hedge, HedgeSettings
    from seawall.resilience.load_shedding import Admitted, LoadShedder, SheddingSettings
    from seawall.resilience.loop_lag import LoopLag
    from seawall.resilience.policy import Call, Policy, compose
    from seawall.resilience.priority import Priority, bind_priority, current_priority
    from seawall.resilience.retry import Retry, RetrySettings
    from seawall.resilience.retry_budget import RetryBudget, RetryBudgetSettings
    from seawall.resilience.server_watch import ServerWatch
    from seawall.resilience.timeout import Timeout
    from seawall.resilience.timeout_headers import (
        GRPC_TIMEOUT,
        REQUEST_TIMEOUT,
        format_grpc_timeout,
        format_request_timeout,
        parse_grpc_timeout,
        parse_request_timeout,
    )

__all__ = [
    "ATTEMPT",
    "GRPC_TIMEOUT",
    "HOP_SECONDS",
    "LEAST_SECONDS",
    "REQUEST_TIMEOUT",
    "AdaptiveLimit",
    "Admitted",
    "Bulkhead",
    "BulkheadFull",
    "BulkheadSettings",
    "Call",
    "CircuitOpen",
    "ClientThrottle",
    "Deadline",
    "DeadlineExceeded",
    "Effect",
    "Fallback",
    "Hedge",
    "HedgeSettings",
    "LastGood",
    "LimitSettings",
    "LoadShedder",
    "LoopLag",
    "MalformedTimeout",
    "NeverSent",
    "Policy",
    "Priority",
    "Rejected",
    "ResilienceError",
    "Retry",
    "RetryBudget",
    "RetryBudgetSettings",
    "RetrySettings",
    "ServerSilent",
    "ServerWatch",
    "Shed",
    "SheddingSettings",
    "ThrottleSettings",
    "Throttled",
    "TimedOut",
    "Timeout",
    "before_deadline",
    "bind_attempt",
    "bind_deadline",
    "bind_priority",
    "call_headers",
    "compose",
    "current_attempt",
    "current_deadline",
    "current_priority",
    "effect_of",
    "format_grpc_timeout",
    "format_request_timeout",
    "is_outage",
    "is_overdue",
    "is_refusal",
    "parse_attempt",
    "parse_grpc_timeout",
    "parse_request_timeout",
    "start_detached",
    "value",
]
