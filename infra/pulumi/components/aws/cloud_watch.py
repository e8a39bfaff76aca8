"""What AWS's stores say of themselves, brought to the cluster's Prometheus from CloudWatch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import yaml

from components.aws.iam import Allow
from components.aws.pod_identity import PodIdentity
from components.metrics import MONITORING, Metrics
from components.release import release
from components.size import size
from versions import CLOUD_WATCH_EXPORTER

ACCOUNT = "cloudwatch-exporter"
PERIOD_SECONDS = 60
# CloudWatch has a value a minute or two late: the newest one of these is taken.
LOOK_BACK_SECONDS = 300
# AWS lets none of them be restricted to a resource.
READ = ("cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "tag:GetResources")
CONFINED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "runAsUser": 10_001,
}


@dataclass(frozen=True)
class Asked:
    """Metrics of a namespace of CloudWatch with exactly these dimensions, each by one statistic."""

    namespace: str
    dimensions: tuple[str, ...]
    metrics: Mapping[str, str]


RDS_INSTANCE = Asked(
    "AWS/RDS",
    ("DBInstanceIdentifier",),
    {
        "AuroraReplicaLag": "Maximum",
        "BufferCacheHitRatio": "Average",
        "CommitThroughput": "Average",
        "DatabaseConnections": "Maximum",
        "Deadlocks": "Average",
    },
)
RDS_CLUSTER = Asked("AWS/RDS", ("DBClusterIdentifier",), {"VolumeBytesUsed": "Average"})
MSK_BROKER = Asked(
    "AWS/Kafka",
    ("Cluster Name", "Broker ID"),
    {
        "BytesInPerSec": "Average",
        "BytesOutPerSec": "Average",
        "KafkaDataLogsDiskUsed": "Maximum",
        "ProduceTotalTimeMsMean": "Average",
        "UnderReplicatedPartitions": "Maximum",
    },
)
MSK_CLUSTER = Asked(
    "AWS/Kafka",
    ("Cluster Name",),
    {"ActiveControllerCount": "Maximum", "OfflinePartitionsCount": "Maximum"},
)
CACHE_NODE = Asked(
    "AWS/ElastiCache",
    ("CacheClusterId", "CacheNodeId"),
    {"DatabaseMemoryUsagePercentage": "Maximum", "EngineCPUUtilization": "Average", "Evictions": "Sum"},
)
ASKED = (RDS_INSTANCE, RDS_CLUSTER, MSK_BROKER, MSK_CLUSTER, CACHE_NODE)


class CloudWatch(pulumi.ComponentResource):
    """An exporter that asks CloudWatch once a minute for the metrics of the stack's stores, and of no others.

    It finds them by the tags that the stack puts on all that it makes. AWS charges for each metric asked for.
    """

    def __init__(
        self,
        name: str,
        *,
        region: str,
        cluster_name: pulumi.Input[str],
        tags: Mapping[str, str],
        metrics: Metrics,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("seawall:aws:CloudWatch", f"{name}-cloudwatch", None, opts)
        identity = PodIdentity(
            f"{name}-cloudwatch",
            Allow(READ, ["*"], {"StringEquals": {"aws:RequestedRegion": region}}),
            cluster_name=cluster_name,
            namespace=MONITORING,
            service_account=ACCOUNT,
            opts=pulumi.ResourceOptions(parent=self),
        )
        release(
            CLOUD_WATCH_EXPORTER,
            namespace=metrics.namespace,
            values={
                "serviceAccount": {"create": True, "name": ACCOUNT},
                "config": yaml.safe_dump(configuration(region, tags), sort_keys=False),
                "extraArgs": {"scraping-interval": PERIOD_SECONDS},
                "serviceMonitor": {"enabled": True, "interval": f"{PERIOD_SECONDS}s"},
                "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
                "securityContext": CONFINED,
                "resources": size(50, 128),
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[identity, metrics]),
        )
        self.register_outputs({})


def configuration(region: str, tags: Mapping[str, str], asked: Sequence[Asked] = ASKED) -> dict[str, Any]:
    """The exporter's own: https://github.com/prometheus-community/yet-another-cloudwatch-exporter."""
    return {
        "apiVersion": "v1alpha1",
        "sts-region": region,
        "discovery": {
            "jobs": [
                {
                    "type": each.namespace,
                    "regions": [region],
                    "searchTags": [{"key": key, "value": f"^{value}$"} for key, value in tags.items()],
                    "dimensionNameRequirements": list(each.dimensions),
                    "period": PERIOD_SECONDS,
                    "length": LOOK_BACK_SECONDS,
                    "metrics": [
                        {"name": name, "statistics": [statistic]} for name, statistic in each.metrics.items()
                    ],
                }
                for each in asked
            ]
        },
    }
