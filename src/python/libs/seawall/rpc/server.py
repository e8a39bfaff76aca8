"""A gRPC server on asyncio."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from seawall.rpc.server_interceptors import DeadlineFromTimeout, IdsFromMetadata, ServerMetrics


@asynccontextmanager
async def serve_grpc(
    host: str,
    port: int,
    register: Callable[[grpc.aio.Server], None],
    *,
    drain_seconds: float = 5.0,
    max_connection_age_seconds: float = 300.0,
    reflected: Sequence[str] = (),
) -> AsyncIterator[int]:
    """Serves what `register` adds, and yields the bound port (port 0 takes a free one).

    Services named in `reflected`, in full, describe themselves to whoever asks (gRPC Server Reflection),
    and so do health and reflection; with none nobody is told anything.

    At the end new calls are refused, health says NOT_SERVING, and calls in progress get
    `drain_seconds` to finish. Errors: RuntimeError if the port is taken.
    """
    server = grpc.aio.server(
        interceptors=[IdsFromMetadata(), DeadlineFromTimeout(), ServerMetrics()],
        options=_options(max_connection_age_seconds, drain_seconds),
    )
    health_service = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health_service, server)
    register(server)
    if reflected:
        names = (*reflected, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, server)
    bound_port = server.add_insecure_port(f"{host}:{port}")
    await server.start()
    try:
        yield bound_port
    finally:
        await health_service.enter_graceful_shutdown()
        await server.stop(drain_seconds)


def _options(max_connection_age_seconds: float, drain_seconds: float) -> list[tuple[str, int]]:
    return [
        # Two servers on one port would share its calls without anybody noticing.
        ("grpc.so_reuseport", 0),
        # Clients look names up again only when a connection ends.
        ("grpc.max_connection_age_ms", int(max_connection_age_seconds * 1000)),
        ("grpc.max_connection_age_grace_ms", int(drain_seconds * 1000)),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
    ]
