"""The control plane of a stack on AWS."""

from collections.abc import Sequence
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from components.aws.iam import trust
from components.aws.network import Network
from versions import EKS

LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
CONTROL_PLANE = "AmazonEKSClusterPolicy"
NODE = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")


class Cluster(pulumi.ComponentResource):
    """EKS: reached from within the VPC, and from outside only from `api_allowed_cidrs`.

    Secrets are encrypted with the stack's key. Who may do what is said by access entries alone; the roles
    in `admin_roles` may do all, and who made the cluster has no right for it.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    authority: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    node_role: aws.iam.Role

    def __init__(
        self,
        name: str,
        *,
        network: Network,
        key_arn: pulumi.Input[str],
        admin_roles: Sequence[str],
        api_allowed_cidrs: Sequence[IPv4Network],
        retention_days: int,
        production: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:Cluster", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        role = self._role(f"{name}-control-plane", "eks.amazonaws.com", CONTROL_PLANE)
        logs = aws.cloudwatch.LogGroup(
            f"{name}-control-plane",
            name=f"/aws/eks/{name}/cluster",
            kms_key_id=key_arn,
            retention_in_days=retention_days,
            opts=self._child,
        )
        cluster = aws.eks.Cluster(
            name,
            name=name,
            version=EKS,
            role_arn=role.arn,
            access_config=aws.eks.ClusterAccessConfigArgs(
                authentication_mode="API", bootstrap_cluster_creator_admin_permissions=False
            ),
            vpc_config=_reach(network, api_allowed_cidrs),
            encryption_config=aws.eks.ClusterEncryptionConfigArgs(
                provider=aws.eks.ClusterEncryptionConfigProviderArgs(key_arn=key_arn), resources=["secrets"]
            ),
            enabled_cluster_log_types=list(LOGS),
            bootstrap_self_managed_addons=False,
            deletion_protection=production,
            upgrade_policy=aws.eks.ClusterUpgradePolicyArgs(support_type="STANDARD"),
            # A zone that AWS finds ill is left by itself.
            zonal_shift_config=aws.eks.ClusterZonalShiftConfigArgs(enabled=True),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[logs, role]),
        )
        self.name = cluster.name
        self.arn = cluster.arn
        self.endpoint = cluster.endpoint
        self.authority = cluster.certificate_authority.data.apply(lambda data: data or "")
        self.security_group_id = cluster.vpc_config.cluster_security_group_id.apply(lambda id_: id_ or "")
        self.node_role = self._role(f"{name}-node", "ec2.amazonaws.com", *NODE)
        # Load balancers and Karpenter find the nodes' security group by this tag.
        aws.ec2.Tag(
            f"{name}-discovery",
            resource_id=self.security_group_id,
            key="karpenter.sh/discovery",
            value=name,
            opts=self._child,
        )
        self._admit(name, admin_roles)
        self.register_outputs({"name": self.name, "endpoint": self.endpoint})

    def _role(self, name: str, service: str, *policies: str) -> aws.iam.Role:
        role = aws.iam.Role(name, assume_role_policy=trust(service), opts=self._child)
        for each in policies:
            aws.iam.RolePolicyAttachment(
                f"{name}-{each}",
                role=role.name,
                policy_arn=f"arn:aws:iam::aws:policy/{each}",
                opts=self._child,
            )
        return role

    def _admit(self, name: str, admin_roles: Sequence[str]) -> None:
        for at, admin in enumerate(admin_roles):
            label = f"{name}-admin-{at}"
            entry = aws.eks.AccessEntry(label, cluster_name=self.name, principal_arn=admin, opts=self._child)
            aws.eks.AccessPolicyAssociation(
                label,
                cluster_name=self.name,
                principal_arn=entry.principal_arn,
                policy_arn=ADMIN,
                access_scope=aws.eks.AccessPolicyAssociationAccessScopeArgs(type="cluster"),
                opts=self._child,
            )


def _reach(network: Network, allowed: Sequence[IPv4Network]) -> aws.eks.ClusterVpcConfigArgs:
    return aws.eks.ClusterVpcConfigArgs(
        subnet_ids=network.private.ids,
        endpoint_private_access=True,
        endpoint_public_access=bool(allowed),
        public_access_cidrs=[str(each) for each in allowed] or None,
    )
