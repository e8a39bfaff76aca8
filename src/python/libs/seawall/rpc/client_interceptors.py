"""What happens around each unary call on the client's side. Streaming calls pass unchanged."""

from collections.abc import Callable
from typing import Any

import grpc

from seawall.resilience import current_deadline
from seawall.rpc.metadata import CORRELATION_ID
from seawall.telemetry import current_correlation_id

Continuation = Callable[[grpc.aio.ClientCallDetails, Any], Any]


class CorrelationToMetadata(grpc.aio.UnaryUnaryClientInterceptor):
    """Sends the current correlation id along, unless the caller set one or there is none."""

    async def intercept_unary_unary(
        self, continuation: Continuation, client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        correlation_id = current_correlation_id()
        metadata = grpc.aio.Metadata(*(client_call_details.metadata or ()))
        if correlation_id is not None and metadata.get(CORRELATION_ID) is None:
            metadata.add(CORRELATION_ID, correlation_id)
        return await continuation(_with(client_call_details, metadata=metadata), request)


class DeadlineToTimeout(grpc.aio.UnaryUnaryClientInterceptor):
    """Bounds each call by the current deadline, and by a default where it has no timeout of its own.

    Raises seawall.resilience.DeadlineExceeded, without a call, if too little time is left.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds

    async def intercept_unary_unary(
        self, continuation: Continuation, client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        timeout = client_call_details.timeout
        timeout = self._timeout_seconds if timeout is None else timeout
        deadline = current_deadline()
        if deadline is not None:
            timeout = min(timeout, deadline.for_next_hop())
        return await continuation(_with(client_call_details, timeout=timeout), request)


def _with(details: grpc.aio.ClientCallDetails, **changes: Any) -> grpc.aio.ClientCallDetails:
    # A named tuple at run time, which its stubs do not say.
    return details._replace(**changes)  # type: ignore[attr-defined, no-any-return]
