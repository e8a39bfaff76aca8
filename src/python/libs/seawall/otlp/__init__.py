"""Spans of sampled traces, sent to a collector."""

from seawall.extras import extra

with extra("otlp"):
    from seawall.otlp.exporter import tracing

__all__ = ["tracing"]
