"""Traces of the shop: through a collector that bounds them, to Jaeger or Zipkin by the switch."""

import pulumi
import pulumi_kubernetes as k8s

from components.access import Access, Destination
from components.microservice.spec import NAME
from components.shop_namespace import RESTRICTED
from components.trace_collector import OTLP_PORT, TraceCollector
from components.trace_store import trace_store
from settings import Observability

TRACING = "tracing"


class Tracing(pulumi.ComponentResource):
    """Services send a part of their traces, which they choose themselves; a loss of it costs no request."""

    def __init__(self, observability: Observability, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("seawall:platform:Tracing", TRACING, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self._ratio = observability.trace_sample_ratio
        namespace = k8s.core.v1.Namespace(
            TRACING, metadata=k8s.meta.v1.ObjectMetaArgs(name=TRACING, labels=RESTRICTED), opts=child
        )
        self._namespace = namespace.metadata["name"]
        store = trace_store(observability.traces, self._namespace, child)
        self._collector = TraceCollector(self._namespace, store, opts=child)
        self.register_outputs({})

    def access(self) -> Access:
        """Where a service sends its traces, and how many of them."""
        return Access(
            environment={
                "SEAWALL_OTLP_ENDPOINT": f"http://{self._collector.name}.{TRACING}.svc:{OTLP_PORT}",
                "SEAWALL_TRACE_SAMPLE_RATIO": f"{self._ratio:g}",
            },
            destinations=(
                Destination(ports=(OTLP_PORT,), namespace=TRACING, pod_labels={NAME: self._collector.name}),
            ),
        )
