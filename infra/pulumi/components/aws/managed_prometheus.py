"""Metrics by Amazon Managed Service for Prometheus."""

import pulumi
import pulumi_aws as aws

from components.aws.iam import Allow
from components.aws.pod_identity import PodIdentity
from components.aws.store import Setting

NAMESPACE, WRITER = "monitoring", "prometheus"
RIGHTS = ("RemoteWrite", "QueryMetrics", "GetSeries", "GetLabels", "GetMetricMetadata")


class ManagedPrometheus(pulumi.ComponentResource):
    """A workspace that the cluster's Prometheus writes to, and reads for its rules."""

    endpoint: pulumi.Output[str]

    def __init__(self, setting: Setting, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("seawall:aws:ManagedPrometheus", f"{setting.name}-metrics", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        label = f"{setting.name}-metrics"
        workspace = aws.amp.Workspace(label, alias=label, kms_key_arn=setting.key_arn, opts=child)
        PodIdentity(
            f"{label}-writer",
            Allow(
                [
                    "aps:RemoteWrite",
                    "aps:QueryMetrics",
                    "aps:GetSeries",
                    "aps:GetLabels",
                    "aps:GetMetricMetadata",
                ],
                [workspace.arn],
            ),
            cluster_name=setting.cluster.name,
            namespace=NAMESPACE,
            service_account=WRITER,
            opts=child,
        )
        self.endpoint = workspace.prometheus_endpoint
        self.register_outputs({"endpoint": self.endpoint})
