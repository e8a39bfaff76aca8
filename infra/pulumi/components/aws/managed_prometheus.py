"""Metrics kept by Amazon Managed Service for Prometheus."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from components.aws.iam import Allow
from components.aws.pod_identity import PodIdentity
from components.metrics import MONITORING, WRITER


class ManagedPrometheus(pulumi.ComponentResource):
    """A workspace that the cluster's Prometheus writes to, signed by its pod's own role.

    `remote_write` is what that Prometheus has to know.
    """

    remote_write: Mapping[str, Any]

    def __init__(
        self,
        name: str,
        *,
        region: str,
        cluster_name: pulumi.Input[str],
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        label = f"{name}-metrics"
        super().__init__("seawall:aws:ManagedPrometheus", label, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        workspace = aws.amp.Workspace(label, alias=label, kms_key_arn=key_arn, opts=child)
        PodIdentity(
            f"{label}-writer",
            Allow(["aps:RemoteWrite"], [workspace.arn]),
            cluster_name=cluster_name,
            namespace=MONITORING,
            service_account=WRITER,
            opts=child,
        )
        # https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-onboard-ingest-metrics-new-Prometheus.html
        self.remote_write = {
            "url": pulumi.Output.concat(workspace.prometheus_endpoint, "api/v1/remote_write"),
            "sigv4": {"region": region},
            "queueConfig": {"maxSamplesPerSend": 1000, "maxShards": 200, "capacity": 2500},
        }
        self.register_outputs({"endpoint": workspace.prometheus_endpoint})
