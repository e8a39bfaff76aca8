"""What happens around each unary call on the client's side. Streaming calls pass unchanged."""

from collections.abc import Callable
from typing import Any

import grpc

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


class DefaultDeadline(grpc.aio.UnaryUnaryClientInterceptor):
    """Gives a call without a timeout one: gRPC itself would wait for ever."""

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds

    async def intercept_unary_unary(
        self, continuation: Continuation, client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        if client_call_details.timeout is None:
            client_call_details = _with(client_call_details, timeout=self._timeout_seconds)
        return await continuation(client_call_details, request)


def _with(details: grpc.aio.ClientCallDetails, **changes: Any) -> grpc.aio.ClientCallDetails:
    # A named tuple at run time, which its stubs do not say.
    return details._replace(**changes)  # type: ignore[attr-defined, no-any-return]
