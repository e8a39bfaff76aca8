"""Below the shop on AWS: the account's network, the cluster and its nodes."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from components.aws.addons import ClusterAddons, NodeAddons
from components.aws.cluster import Cluster
from components.aws.encryption_key import EncryptionKey
from components.aws.kubeconfig import kubeconfig
from components.aws.network import Network
from components.aws.node_scaling import NodeScaling
from components.aws.volumes import Volumes
from settings import Aws, Settings


@dataclass(frozen=True)
class Foundation:
    """A cluster that is ready for pods. `options` bring the providers to what is made in it."""

    name: str
    account: pulumi.Output[str]
    key_arn: pulumi.Output[str]
    network: Network
    cluster: Cluster
    options: pulumi.ResourceOptions


def aws_foundation(settings: Settings, of_aws: Aws) -> Foundation:
    """Network, key, cluster, nodes; every resource of AWS is tagged with the project and the stack."""
    name = f"seawall-{pulumi.get_stack()}"
    provider = aws.Provider(
        "aws",
        region=of_aws.region,
        default_tags=aws.ProviderDefaultTagsArgs(
            tags={"project": "seawall", "stack": pulumi.get_stack(), "managed-by": "pulumi"}
        ),
    )
    opts = pulumi.ResourceOptions(providers=[provider])
    account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(provider=provider)).account_id
    key = EncryptionKey(name, account, of_aws.region, opts=opts)
    network = Network(
        name,
        region=of_aws.region,
        cidr=of_aws.vpc_cidr,
        zones=of_aws.zones,
        nat_per_zone=settings.production,
        key_arn=key.arn,
        retention_days=of_aws.retention_days,
        opts=opts,
    )
    cluster = Cluster(
        name,
        network=network,
        key_arn=key.arn,
        admin_roles=of_aws.admin_roles,
        api_allowed_cidrs=of_aws.api_allowed_cidrs,
        retention_days=of_aws.retention_days,
        production=settings.production,
        opts=opts,
    )
    inside = k8s.Provider(
        "eks",
        kubeconfig=kubeconfig(cluster, of_aws.region),
        enable_server_side_apply=True,
        opts=pulumi.ResourceOptions(depends_on=[cluster]),
    )
    both = [provider, inside]
    node_addons = NodeAddons(name, cluster_name=cluster.name, opts=opts)
    nodes = NodeScaling(
        name,
        settings,
        of_aws,
        cluster=cluster,
        network=network,
        key_arn=key.arn,
        opts=pulumi.ResourceOptions(providers=both, depends_on=[node_addons]),
    )
    addons = ClusterAddons(
        name,
        cluster_name=cluster.name,
        key_arn=key.arn,
        opts=pulumi.ResourceOptions(providers=[provider], depends_on=list(nodes.groups.values())),
    )
    volumes = Volumes(name, key_arn=key.arn, opts=pulumi.ResourceOptions(providers=both, depends_on=[addons]))
    ready = pulumi.ResourceOptions(providers=both, depends_on=[nodes, volumes])
    return Foundation(name, account, key.arn, network, cluster, ready)
