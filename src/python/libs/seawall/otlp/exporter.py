"""Spans sent to a collector by OTLP over HTTP, with OpenTelemetry's SDK."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span as SdkSpan
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from seawall.telemetry import Kind, Span, sampling, tracing_by

QUEUE_SPANS = 4_096
EVERY_MILLISECONDS = 1_000
TIMEOUT_SECONDS = 2.0
FLUSH_SECONDS = 2.0

_KINDS = {
    Kind.INTERNAL: SpanKind.INTERNAL,
    Kind.SERVER: SpanKind.SERVER,
    Kind.CLIENT: SpanKind.CLIENT,
    Kind.PRODUCER: SpanKind.PRODUCER,
    Kind.CONSUMER: SpanKind.CONSUMER,
}


@asynccontextmanager
async def tracing(service: str, endpoint: str, sample_ratio: float) -> AsyncIterator[None]:
    """For the block, sampled traces get spans, which go to the collector at `endpoint` ("http://host:4318").

    Of the traces that begin in this process `sample_ratio` are sampled; one that enters keeps the decision of
    its caller. Enter it in the process that works: a thread sends the spans, and is not forked.
    While it does not answer at most 4,096 spans wait, and more are dropped: work never waits for it. At the
    end what waits is sent, for two seconds; then for as long as one request takes, two more at the most.
    """
    exporter = OTLPSpanExporter(endpoint.rstrip("/") + "/v1/traces", timeout=TIMEOUT_SECONDS)
    provider = TracerProvider(
        sampler=ALWAYS_ON, resource=Resource.create({"service.name": service}), shutdown_on_exit=False
    )
    provider.add_span_processor(
        BatchSpanProcessor(exporter, max_queue_size=QUEUE_SPANS, schedule_delay_millis=EVERY_MILLISECONDS)
    )
    try:
        with sampling(sample_ratio), tracing_by(_OtelTracer(provider)):
            yield
    finally:
        await asyncio.shield(asyncio.ensure_future(_flushed(provider, exporter)))


async def _flushed(provider: TracerProvider, exporter: OTLPSpanExporter) -> None:
    ending = asyncio.ensure_future(asyncio.to_thread(provider.shutdown))
    _, late = await asyncio.wait({ending}, timeout=FLUSH_SECONDS)
    if late:
        # Ends its retries, which would go on for half a minute: what waits is dropped.
        exporter.shutdown()  # type: ignore[no-untyped-call]
        await ending


class _OtelTracer:
    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("seawall")

    def begin(self, name: str, kind: Kind, traceparent: str, at_ns: int | None = None) -> Span:
        parent = NonRecordingSpan(_context_of(traceparent))
        context = set_span_in_context(parent)
        return _OtelSpan(self._tracer.start_span(name, context, _KINDS[kind], start_time=at_ns))


class _OtelSpan:
    def __init__(self, span: SdkSpan | Any) -> None:
        self._span = span
        context = span.get_span_context()
        self.traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-01"

    def set(self, name: str, value: str | float | bool) -> None:
        self._span.set_attribute(name, value)

    def end(self, error: BaseException | None = None, at_ns: int | None = None) -> None:
        if error is not None:
            # The type only: a message may hold what a trace should not show.
            self._span.set_attribute("error.type", type(error).__qualname__)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end(at_ns)


def _context_of(traceparent: str) -> SpanContext:
    trace_id, span_id = int(traceparent[3:35], 16), int(traceparent[36:52], 16)
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
