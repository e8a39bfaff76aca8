"""Node scaling by the cluster-autoscaler: the managed groups grow and shrink."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.aws.cluster import Cluster
from components.aws.iam import Allow
from components.aws.node_group import CAPACITY, NodeGroup
from components.aws.pod_identity import PodIdentity
from components.release import release
from components.size import size
from versions import CLUSTER_AUTOSCALER, CLUSTER_AUTOSCALER_TAG

NAMESPACE = "kube-system"
ACCOUNT = "cluster-autoscaler"
READ = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLaunchConfigurations",
    "autoscaling:DescribeScalingActivities",
    "autoscaling:DescribeTags",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:GetInstanceTypesFromInstanceRequirements",
)
WRITE = ("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup")
RESOURCES = size(100, 600)


class ClusterAutoscaler(pulumi.ComponentResource):
    """The autoscaler of one cluster. It finds the groups by their tags, also those that have no node yet."""

    def __init__(
        self,
        name: str,
        *,
        cluster: Cluster,
        region: str,
        groups: Mapping[str, NodeGroup],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:ClusterAutoscaler", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        for label, group in groups.items():
            self._tag(label, group)
        owned = f"autoscaling:ResourceTag/k8s.io/cluster-autoscaler/{name}"
        identity = PodIdentity(
            f"{name}-cluster-autoscaler",
            Allow(READ, ["*"]),
            Allow(
                WRITE,
                [f"arn:aws:autoscaling:{region}:*:autoScalingGroup:*"],
                {"StringEquals": {owned: "owned"}},
            ),
            Allow(["eks:DescribeNodegroup"], [f"arn:aws:eks:{region}:*:nodegroup/{name}/*"]),
            cluster_name=cluster.name,
            namespace=NAMESPACE,
            service_account=ACCOUNT,
            opts=self._child,
        )
        release(
            CLUSTER_AUTOSCALER,
            namespace=NAMESPACE,
            values={
                "autoDiscovery": {"clusterName": cluster.name},
                "awsRegion": region,
                "image": {"tag": CLUSTER_AUTOSCALER_TAG},
                "replicaCount": 2,
                "rbac": {"serviceAccount": {"name": ACCOUNT}},
                "resources": RESOURCES,
                "extraArgs": {
                    "balance-similar-node-groups": True,
                    "expander": "least-waste",
                    "scale-down-unneeded-time": "5m",
                    "skip-nodes-with-system-pods": False,
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[identity]),
        )
        self.register_outputs({})

    def _tag(self, label: str, group: NodeGroup) -> None:
        """Says what a node of the group would be like, for a group that has none to look at."""
        aws.autoscaling.Tag(
            label,
            autoscaling_group_name=group.autoscaling_group,
            tag=aws.autoscaling.TagTagArgs(
                key=f"k8s.io/cluster-autoscaler/node-template/label/{CAPACITY}",
                value=group.settings.capacity,
                propagate_at_launch=False,
            ),
            opts=self._child,
        )
