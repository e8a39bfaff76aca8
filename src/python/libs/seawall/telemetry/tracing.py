"""Whether a process makes spans, by its settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from seawall.telemetry.trace_context import sampling


@asynccontextmanager
async def tracing(service: str, otlp_endpoint: str, sample_ratio: float) -> AsyncIterator[None]:
    """For the block, this share of new traces is sampled, and sampled ones are sent to the collector.

    Without an endpoint no span is made, and OpenTelemetry's SDK is not imported. A trace that enters keeps
    the decision of its caller either way. Enter it in the process that works: the SDK's thread is not forked.
    """
    if not otlp_endpoint:
        yield
        return
    from seawall.telemetry.otlp import exporting  # noqa: PLC0415 - slow to import, and an extra

    with sampling(sample_ratio):
        async with exporting(service, otlp_endpoint):
            yield
