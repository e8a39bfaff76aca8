"""The nodes of a stack, and what brings more of them."""

import pulumi

from components.aws.cluster import Cluster
from components.aws.cluster_autoscaler import ClusterAutoscaler
from components.aws.karpenter import Karpenter
from components.aws.network import Network
from components.aws.node_group import NodeGroup
from settings import Aws, Settings


class NodeScaling(pulumi.ComponentResource):
    """The managed groups, and the autoscaler of `scaling.nodes`.

    With the cluster-autoscaler each group is managed and grows. With Karpenter a managed group has its
    `min_nodes`, on-demand, and Karpenter makes what goes beyond.
    """

    groups: dict[str, NodeGroup]

    def __init__(
        self,
        name: str,
        settings: Settings,
        of_aws: Aws,
        *,
        cluster: Cluster,
        network: Network,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:NodeScaling", f"{name}-nodes", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        karpenter = settings.scaling.nodes == "karpenter"
        managed = {
            label: group.model_copy(update={"max_nodes": group.min_nodes}) if karpenter else group
            for label, group in of_aws.node_groups.items()
            if not karpenter or (group.min_nodes and group.capacity == "on-demand")
        }
        self.groups = {
            label: NodeGroup(
                f"{name}-{label}",
                group,
                cluster=cluster,
                network=network,
                key_arn=key_arn,
                elastic=not karpenter,
                opts=child,
            )
            for label, group in managed.items()
        }
        after = pulumi.ResourceOptions(parent=self, depends_on=list(self.groups.values()))
        if karpenter:
            Karpenter(
                name,
                cluster=cluster,
                region=of_aws.region,
                key_arn=key_arn,
                node_groups=of_aws.node_groups,
                sales=settings.sales,
                opts=after,
            )
        else:
            ClusterAutoscaler(name, cluster=cluster, region=of_aws.region, groups=self.groups, opts=after)
        self.register_outputs({})
