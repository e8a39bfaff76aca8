"""What all managed stores have: a place in the network, and a credential for each service."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.access import Destination
from components.aws.cluster import Cluster
from components.aws.credential import Credential
from components.aws.network import Network


@dataclass(frozen=True)
class Setting:
    """Where a store is put and how it is kept."""

    name: str
    network: Network
    cluster: Cluster
    key_arn: pulumi.Input[str]
    production: bool
    retention_days: int
    namespace: pulumi.Input[str]

    @property
    def backup_days(self) -> int:
        """For how long a store can be taken back."""
        return 35 if self.production else 1


def log_group(
    setting: Setting, store: str, name: str, opts: pulumi.ResourceOptions
) -> aws.cloudwatch.LogGroup:
    """The log of a store, encrypted and not kept for ever: one that AWS makes by itself is neither."""
    return aws.cloudwatch.LogGroup(
        f"{setting.name}-{store}",
        name=name,
        kms_key_id=setting.key_arn,
        retention_in_days=setting.retention_days,
        opts=opts,
    )


def guard(
    setting: Setting, store: str, ports: Sequence[int], opts: pulumi.ResourceOptions
) -> aws.ec2.SecurityGroup:
    """A security group that lets the cluster's nodes and pods in, at these ports, and nothing out."""
    label = f"{setting.name}-{store}"
    return aws.ec2.SecurityGroup(
        label,
        description=f"{store} from the cluster",
        vpc_id=setting.network.vpc_id,
        ingress=[
            aws.ec2.SecurityGroupIngressArgs(
                protocol="tcp",
                from_port=port,
                to_port=port,
                security_groups=[setting.cluster.security_group_id],
            )
            for port in ports
        ],
        tags={"Name": label},
        opts=opts,
    )


def destinations(setting: Setting, *ports: int) -> tuple[Destination, ...]:
    """The stores' subnets, at these ports: addresses within them change."""
    return tuple(Destination(ports, cidr=str(each)) for each in setting.network.data.ranges)


def credentials(
    setting: Setting,
    store: str,
    users: Sequence[str],
    opts: pulumi.ResourceOptions,
    secret_name: Callable[[Setting, str, str], str] | None = None,
) -> dict[str, Credential]:
    """One for each user, named `<stack>/<store>/<user>` unless the store wants another name."""
    naming = secret_name or (lambda setting, store, user: f"{setting.name}/{store}/{user}")
    return {
        user: Credential(
            f"{setting.name}-{store}-{user}",
            secret_name=naming(setting, store, user),
            username=user,
            key_arn=setting.key_arn,
            opts=opts,
        )
        for user in users
    }
