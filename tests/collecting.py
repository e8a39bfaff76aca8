"""A collector of spans: OTLP over HTTP, kept in memory."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(frozen=True)
class Received:
    """A span, its ids in hexadecimal digits as in a traceparent."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    began_ns: int
    ended_ns: int
    attributes: dict[str, object]
    failed: bool


class Collector:
    """What was sent to it."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.spans: list[Received] = []

    def spans_of(self, trace_id: str) -> list[Received]:
        """Those of one trace."""
        return [span for span in self.spans if span.trace_id == trace_id]

    def take(self, request: ExportTraceServiceRequest) -> None:
        """Keeps the spans of a request."""
        for of_process in request.resource_spans:
            resource = {a.key: a.value.string_value for a in of_process.resource.attributes}
            for of_scope in of_process.scope_spans:
                self.spans += [_received(resource["service.name"], span) for span in of_scope.spans]


def _received(service: str, span: Span) -> Received:
    attributes = {
        a.key: getattr(a.value, a.value.WhichOneof("value") or "string_value") for a in span.attributes
    }
    return Received(
        service,
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        attributes,
        span.status.code == span.status.STATUS_CODE_ERROR,
    )


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port, in threads of its own."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            collector.take(ExportTraceServiceRequest.FromString(body))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collector.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
