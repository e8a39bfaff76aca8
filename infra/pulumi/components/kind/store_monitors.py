"""What of the stores in the cluster Prometheus reads. https://prometheus-operator.dev/docs/api-reference/api/"""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from components.kind import kafka_strimzi, postgres_cnpg, redis_valkey

# The pods of each store, and the name that its operator, or we, gave to the port of its exporter.
MONITORED: Mapping[str, tuple[Mapping[str, str], str]] = {
    "postgres": (postgres_cnpg.LABELS, "metrics"),
    "kafka": (kafka_strimzi.LABELS, "tcp-prometheus"),
    "valkey": (redis_valkey.LABELS, redis_valkey.METRICS),
}


class StoreMonitors(pulumi.ComponentResource):
    """Each pod of a store is read every half minute. They come `after` the chart that brings their kind."""

    def __init__(self, namespace: pulumi.Input[str], *, after: list[pulumi.Resource]) -> None:
        super().__init__("seawall:kind:StoreMonitors", "store-monitors")
        for name, (labels, port) in MONITORED.items():
            k8s.apiextensions.CustomResource(
                f"monitor-{name}",
                api_version="monitoring.coreos.com/v1",
                kind="PodMonitor",
                metadata=k8s.meta.v1.ObjectMetaArgs(name=name, namespace=namespace),
                spec={
                    "selector": {"matchLabels": dict(labels)},
                    "podMetricsEndpoints": [{"port": port, "interval": "30s"}],
                },
                opts=pulumi.ResourceOptions(parent=self, depends_on=after),
            )
        self.register_outputs({})
