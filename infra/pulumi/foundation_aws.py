"""Below the shop on AWS: the account's network, the cluster and its nodes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from components.aws.addons import ClusterAddons, NodeAddons
from components.aws.cluster import Cluster
from components.aws.encryption_key import EncryptionKey
from components.aws.kubeconfig import kubeconfig
from components.aws.managed_prometheus import ManagedPrometheus
from components.aws.network import Network
from components.aws.node_scaling import NodeScaling
from components.aws.volumes import Volumes
from settings import Aws, Settings


@dataclass(frozen=True)
class Foundation:
    """A cluster that is ready for pods. `options` bring the providers to what is made in it.

    `tags` are on all that is made on AWS. `remote_write` is where its metrics are kept as well, by the
    switch.
    """

    name: str
    account: pulumi.Output[str]
    key_arn: pulumi.Output[str]
    network: Network
    cluster: Cluster
    options: pulumi.ResourceOptions
    tags: Mapping[str, str]
    remote_write: Mapping[str, Any] | None = None


def aws_foundation(settings: Settings, of_aws: Aws) -> Foundation:
    """Network, key, cluster, nodes; every resource of AWS is tagged with the project and the stack."""
    name = f"seawall-{pulumi.get_stack()}"
    tags = {"project": "seawall", "stack": pulumi.get_stack(), "managed-by": "pulumi"}
    provider = _tagging(of_aws, tags)
    opts = pulumi.ResourceOptions(providers=[provider])
    asked = pulumi.InvokeOutputOptions(provider=provider)
    account = aws.get_caller_identity_output(opts=asked).account_id
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
    both = pulumi.ResourceOptions(providers=[provider, inside])
    made = Foundation(name, account, key.arn, network, cluster, both, tags)
    return replace(
        made,
        options=_after(both, _ready_for_pods(made, settings, of_aws)),
        remote_write=_metrics_kept(made, settings, of_aws),
    )


def _metrics_kept(made: Foundation, settings: Settings, of_aws: Aws) -> Mapping[str, Any] | None:
    if settings.observability.metrics != "amp":
        return None
    kept = ManagedPrometheus(
        made.name,
        region=of_aws.region,
        cluster_name=made.cluster.name,
        key_arn=made.key_arn,
        opts=made.options,
    )
    return kept.remote_write


def _tagging(of_aws: Aws, tags: dict[str, str]) -> aws.Provider:
    return aws.Provider("aws", region=of_aws.region, default_tags=aws.ProviderDefaultTagsArgs(tags=tags))


def _ready_for_pods(made: Foundation, settings: Settings, of_aws: Aws) -> list[pulumi.Resource]:
    """What a pod waits for: nodes with addresses, names, volumes."""
    name, cluster, key_arn = made.name, made.cluster, made.key_arn
    node_addons = NodeAddons(name, cluster_name=cluster.name, opts=made.options)
    nodes = NodeScaling(
        name,
        settings,
        of_aws,
        cluster=cluster,
        network=made.network,
        key_arn=key_arn,
        opts=_after(made.options, [node_addons]),
    )
    groups = _after(made.options, list(nodes.groups.values()))
    addons = ClusterAddons(name, cluster_name=cluster.name, key_arn=key_arn, opts=groups)
    volumes = Volumes(name, key_arn=key_arn, opts=_after(made.options, [addons]))
    return [nodes, volumes]


def _after(options: pulumi.ResourceOptions, these: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=list(these)))
