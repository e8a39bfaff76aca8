"""Node scaling by Karpenter: nodes are made for the pods that wait."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from components.aws.cluster import Cluster
from components.aws.interruption_queue import InterruptionQueue
from components.aws.karpenter_rights import karpenter_rights
from components.aws.node_pool import NodeClass, NodePool
from components.aws.pod_identity import PodIdentity
from components.release import release
from components.size import size
from settings import NodeGroup, Sale
from versions import KARPENTER

NAMESPACE = "kube-system"
RESOURCES = size(500, 1024)


class Karpenter(pulumi.ComponentResource):
    """The controller, on nodes that it does not manage, and a pool for each group of nodes.

    A spot node that AWS wants back is emptied within the two minutes that AWS gives.
    """

    def __init__(
        self,
        name: str,
        *,
        cluster: Cluster,
        region: str,
        key_arn: pulumi.Input[str],
        node_groups: Mapping[str, NodeGroup],
        sales: Sequence[Sale],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:Karpenter", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        queue = InterruptionQueue(f"{name}-interruptions", opts=child)
        profile = aws.iam.InstanceProfile(f"{name}-node", role=cluster.node_role.name, opts=child)
        rights = karpenter_rights(
            name,
            region=region,
            cluster_arn=cluster.arn,
            node_role_arn=cluster.node_role.arn,
            profile_arn=profile.arn,
            queue_arn=queue.arn,
            key_arn=key_arn,
        )
        identity = PodIdentity(
            f"{name}-karpenter",
            *rights,
            cluster_name=cluster.name,
            namespace=NAMESPACE,
            service_account="karpenter",
            opts=child,
        )
        chart = release(
            KARPENTER,
            namespace=NAMESPACE,
            values={
                "replicas": 2,
                "settings": {"clusterName": cluster.name, "interruptionQueue": queue.queue_name},
                "controller": {"resources": RESOURCES},
                "serviceMonitor": {"enabled": False},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[identity]),
        )
        after = pulumi.ResourceOptions(parent=self, depends_on=[chart])
        NodeClass(name, profile=profile.name, key_arn=key_arn, opts=after)
        for label, group in node_groups.items():
            if group.max_nodes > group.min_nodes:
                NodePool(label, group, sales=sales, opts=after)
        self.register_outputs({})
