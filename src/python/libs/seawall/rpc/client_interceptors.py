"""What happens around each unary call on the client's side. Streaming calls pass unchanged."""

from collections.abc import Callable
from typing import Any

import grpc

from seawall.resilience import ATTEMPT, current_attempt, current_deadline
from seawall.telemetry import outgoing_headers

Continuation = Callable[[grpc.aio.ClientCallDetails, Any], Any]


class IdsToMetadata(grpc.aio.UnaryUnaryClientInterceptor):
    """Sends correlation id, trace and attempt along, where there are any and the caller set none."""

    async def intercept_unary_unary(
        self, continuation: Continuation, client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        metadata = grpc.aio.Metadata(*(client_call_details.metadata or ()))
        headers = outgoing_headers()
        if (attempt := current_attempt()) is not None:
            headers[ATTEMPT] = str(attempt)
        for name, value in headers.items():
            if metadata.get(name) is None:
                metadata.add(name, value)
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
