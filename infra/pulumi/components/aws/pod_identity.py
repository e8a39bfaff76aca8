"""What the pods of one service account may do on AWS."""

import pulumi
import pulumi_aws as aws

from components.aws.iam import Allow, policy, trust

# https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
EKS_PODS = "pods.eks.amazonaws.com"


def pod_role(
    name: str,
    *statements: Allow,
    opts: pulumi.ResourceOptions,
    managed: tuple[str, ...] = (),
) -> aws.iam.Role:
    """A role that pods may take, with these statements and AWS's own policies of these names."""
    role = aws.iam.Role(
        name,
        assume_role_policy=trust(EKS_PODS, "sts:AssumeRole", "sts:TagSession"),
        opts=opts,
    )
    if statements:
        aws.iam.RolePolicy(name, role=role.name, policy=policy(*statements), opts=opts)
    for each in managed:
        aws.iam.RolePolicyAttachment(
            f"{name}-{each.rpartition('/')[-1]}",
            role=role.name,
            policy_arn=f"arn:aws:iam::aws:policy/{each}",
            opts=opts,
        )
    return role


class PodIdentity(pulumi.ComponentResource):
    """A role of its own for one service account: these statements, and nothing else."""

    role_arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *statements: Allow,
        cluster_name: pulumi.Input[str],
        namespace: str,
        service_account: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:PodIdentity", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = pod_role(name, *statements, opts=child)
        aws.eks.PodIdentityAssociation(
            name,
            cluster_name=cluster_name,
            namespace=namespace,
            service_account=service_account,
            role_arn=role.arn,
            opts=child,
        )
        self.role_arn = role.arn
        self.register_outputs({"role_arn": self.role_arn})
