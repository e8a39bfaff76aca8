"""Kafka in the cluster, by Strimzi. https://strimzi.io/docs/operators/latest/configuring.html"""

from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s

from components.access import Access, Destination
from components.kind.stores_namespace import STORES, let_the_shop_in
from components.priorities import STORES as STORES_FIRST
from components.release import release
from components.size import size
from versions import KAFKA, STRIMZI

NAME, PORT, METRICS_PORT = "shop", 9092, 9404
API = "kafka.strimzi.io/v1"
CLUSTER = {"strimzi.io/cluster": NAME}
METRICS, RULES = "kafka-metrics", "kafka_metrics.yaml"
LABELS = CLUSTER | {"strimzi.io/name": f"{NAME}-kafka"}


class KafkaStrimzi(pulumi.ComponentResource):
    """Brokers that are controllers as well (KRaft), spread over hosts; plain within the mesh.

    Services make their topics. A message is kept by two brokers before it counts, where there are three.
    """

    def __init__(
        self,
        namespace: pulumi.Input[str],
        *,
        brokers: int,
        storage_gib: int,
        memory_mib: int = 1024,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:kind:KafkaStrimzi", "kafka", None, opts)
        operator = release(
            STRIMZI,
            namespace=namespace,
            values={"watchNamespaces": [], "resources": size(200, 384)},
            opts=pulumi.ResourceOptions(parent=self),
        )
        after = pulumi.ResourceOptions(parent=self, depends_on=[operator])
        pool = k8s.apiextensions.CustomResource(
            "kafka-pool",
            api_version=API,
            kind="KafkaNodePool",
            metadata=k8s.meta.v1.ObjectMetaArgs(namespace=namespace, name=NAME, labels=CLUSTER),
            spec={
                "replicas": brokers,
                "roles": ["controller", "broker"],
                "storage": {"type": "persistent-claim", "size": f"{storage_gib}Gi", "deleteClaim": False},
                "resources": size(500, memory_mib),
                "template": {"pod": {"priorityClassName": STORES_FIRST}},
                "jvmOptions": {"-Xms": f"{memory_mib // 2}m", "-Xmx": f"{memory_mib // 2}m"},
            },
            opts=after,
        )
        rules = k8s.core.v1.ConfigMap(
            METRICS,
            metadata=k8s.meta.v1.ObjectMetaArgs(namespace=namespace, name=METRICS),
            data={RULES: Path(__file__).with_name(RULES).read_text()},
            opts=pulumi.ResourceOptions(parent=self),
        )
        copies = min(brokers, 3)
        k8s.apiextensions.CustomResource(
            "kafka",
            api_version=API,
            kind="Kafka",
            metadata=k8s.meta.v1.ObjectMetaArgs(namespace=namespace, name=NAME),
            spec={
                "kafka": {
                    "version": KAFKA,
                    "listeners": [{"name": "plain", "port": PORT, "type": "internal", "tls": False}],
                    "config": {
                        "auto.create.topics.enable": False,
                        "default.replication.factor": copies,
                        "min.insync.replicas": max(1, copies - 1),
                        "offsets.topic.replication.factor": copies,
                        "transaction.state.log.replication.factor": copies,
                        "transaction.state.log.min.isr": max(1, copies - 1),
                    },
                    "metricsConfig": {
                        "type": "jmxPrometheusExporter",
                        "valueFrom": {"configMapKeyRef": {"name": rules.metadata["name"], "key": RULES}},
                    },
                }
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[operator, pool]),
        )
        child = pulumi.ResourceOptions(parent=self)
        let_the_shop_in("kafka", namespace, LABELS, PORT, child, metrics_port=METRICS_PORT)
        self.register_outputs({})

    def access(self, workload: str) -> Access:
        """The same for every service: who may reach it is the network's and the mesh's to say."""
        return Access(
            environment={"SEAWALL_BROKER_URL": f"kafka://{NAME}-kafka-bootstrap.{STORES}.svc:{PORT}"},
            destinations=(Destination(ports=(PORT,), namespace=STORES, pod_labels=LABELS),),
        )
