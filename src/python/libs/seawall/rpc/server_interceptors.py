"""What happens around each unary call on the server's side. Streaming calls pass unchanged."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from prometheus_client import Histogram

from seawall.resilience import ATTEMPT, DeadlineExceeded, bind_attempt, bind_deadline, parse_attempt
from seawall.telemetry import (
    REQUEST_ID,
    TRACEPARENT,
    Kind,
    bind_correlation_id,
    bind_trace,
    new_correlation_id,
    span,
)

_SECONDS = Histogram(
    "seawall_rpc_server_seconds",
    "Duration of a gRPC call on the server",
    ["method", "outcome"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)

Handler = Any  # grpc.RpcMethodHandler: the stubs leave its fields out
Continuation = Callable[[grpc.HandlerCallDetails], Awaitable[Handler]]
Behaviour = Callable[[Any, grpc.aio.ServicerContext[Any, Any]], Awaitable[Any]]


class IdsFromMetadata(grpc.aio.ServerInterceptor):
    """Binds the caller's ids, or new ones, and its attempt; a sampled call is a span."""

    async def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler:
        name = str(handler_call_details.method).removeprefix("/")
        metadata = dict(handler_call_details.invocation_metadata or ())
        correlation_id, traceparent = _text(metadata.get(REQUEST_ID)), _text(metadata.get(TRACEPARENT))
        attempt = parse_attempt(_text(metadata.get(ATTEMPT)))

        def around(behaviour: Behaviour) -> Behaviour:
            async def handle(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
                with (
                    bind_correlation_id(correlation_id or new_correlation_id()),
                    bind_trace(traceparent),
                    bind_attempt(attempt),
                    span(name, Kind.SERVER),
                ):
                    return await behaviour(request, context)

            return handle

        return _wrapped(await continuation(handler_call_details), around)


def _text(value: str | bytes | None) -> str | None:
    return value if isinstance(value, str) else None


class DeadlineFromTimeout(grpc.aio.ServerInterceptor):
    """Binds what remains of the caller's `grpc-timeout` as the deadline while a call is handled."""

    async def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler:
        return _wrapped(await continuation(handler_call_details), _in_time)


def _in_time(behaviour: Behaviour) -> Behaviour:
    async def handle(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        seconds = context.time_remaining()
        if seconds is None:
            return await behaviour(request, context)
        with bind_deadline(seconds):
            try:
                return await behaviour(request, context)
            except DeadlineExceeded as error:
                await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, str(error))

    return handle


class ServerMetrics(grpc.aio.ServerInterceptor):
    """Measures each call as `seawall_rpc_server_seconds{method, outcome}`."""

    async def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler:
        method = str(handler_call_details.method)

        def around(behaviour: Behaviour) -> Behaviour:
            async def handle(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
                started_at = time.perf_counter()
                outcome = "error"
                try:
                    reply = await behaviour(request, context)
                    outcome = "ok"
                    return reply
                finally:
                    _SECONDS.labels(method, outcome).observe(time.perf_counter() - started_at)

            return handle

        return _wrapped(await continuation(handler_call_details), around)


def _wrapped(handler: Handler, around: Callable[[Behaviour], Behaviour]) -> Handler:
    # An unknown method has no handler: gRPC itself answers UNIMPLEMENTED.
    if handler is None or handler.unary_unary is None:
        return handler
    return grpc.unary_unary_rpc_method_handler(
        around(handler.unary_unary),
        request_deserializer=handler.request_deserializer,
        response_serializer=handler.response_serializer,
    )
