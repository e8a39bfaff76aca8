"""What happens around the calls to inventory when it is slow, failing or gone."""

import grpc

from seawall.resilience import Effect, Policy, Retry, compose
from seawall.resilience.circuit_breaker import CircuitBreaker, CircuitSettings

TIMEOUT_SECONDS = 1.0
# A call is of many orders: a few bad ones tell enough. Half of them bad is one replica of two that is gone.
CIRCUIT = CircuitSettings(
    window_seconds=10.0,
    least_calls=5,
    bad_share=0.8,
    slow_seconds=0.8 * TIMEOUT_SECONDS,
    open_seconds=1.0,
    most_open_seconds=8.0,
)
_OUTAGES = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
    }
)


def inventory_policy(circuit: CircuitSettings = CIRCUIT) -> Policy:
    """Another replica is asked where one is gone; while all fail, callers hear it at once.

    A hold that is asked for twice is the same hold.
    """
    return compose(
        Retry("inventory", is_idempotent=True, effect=_effect),
        CircuitBreaker("inventory", circuit, is_outage=_is_outage),
    )


def _effect(error: Exception) -> Effect:
    is_gone = isinstance(error, grpc.aio.AioRpcError) and error.code() is grpc.StatusCode.UNAVAILABLE
    return Effect.UNKNOWN if is_gone else Effect.FINAL


def _is_outage(error: Exception) -> bool:
    return isinstance(error, grpc.aio.AioRpcError) and error.code() in _OUTAGES
