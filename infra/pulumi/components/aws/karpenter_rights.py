"""What Karpenter may do: make and end the nodes of one cluster, and no others.

https://karpenter.sh/docs/reference/cloudformation/ says what each is for. The instance profile is made by
us, so it needs no right to make any.
"""

from typing import Any

import pulumi

from components.aws.iam import Allow

READ = (
    "ec2:DescribeCapacityReservations",
    "ec2:DescribeImages",
    "ec2:DescribeInstances",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribePlacementGroups",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSpotPriceHistory",
    "ec2:DescribeSubnets",
)
GIVEN = ("image", "snapshot", "security-group", "subnet", "capacity-reservation", "launch-template")
MADE = ("fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request")
KEY_USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
EC2 = "ec2.amazonaws.com"
TAGS_OF_A_NODE = ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]
ENDING = ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"]
CREATING = ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]


def karpenter_rights(
    name: str,
    *,
    region: str,
    cluster_arn: pulumi.Input[str],
    node_role_arn: pulumi.Input[str],
    profile_arn: pulumi.Input[str],
    queue_arn: pulumi.Input[str],
    key_arn: pulumi.Input[str],
) -> list[Allow]:
    """The statements for the cluster `name`; what is made is tagged as its own, and only that is ended."""
    return [
        Allow(READ, ["*"], {"StringEquals": {"aws:RequestedRegion": region}}),
        Allow(["ssm:GetParameter"], [f"arn:aws:ssm:{region}::parameter/aws/service/*"]),
        Allow(["pricing:GetProducts"], ["*"]),
        *_making_nodes(name, region),
        # The volumes of what it makes are encrypted in its name, by EC2 alone.
        Allow(KEY_USE, [key_arn], {"StringEquals": {"kms:ViaService": f"ec2.{region}.amazonaws.com"}}),
        Allow(["kms:CreateGrant"], [key_arn], {"Bool": {"kms:GrantIsForAWSResource": "true"}}),
        Allow(["iam:PassRole"], [node_role_arn], {"StringEquals": {"iam:PassedToService": EC2}}),
        Allow(["iam:GetInstanceProfile"], [profile_arn]),
        Allow(["eks:DescribeCluster"], [cluster_arn]),
        Allow(["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"], [queue_arn]),
    ]


def _making_nodes(name: str, region: str) -> list[Allow]:
    owned = {
        f"aws:RequestTag/kubernetes.io/cluster/{name}": "owned",
        "aws:RequestTag/eks:eks-cluster-name": name,
    }
    mine = {f"aws:ResourceTag/kubernetes.io/cluster/{name}": "owned"}
    made = [_ec2(region, kind) for kind in MADE]
    instance, template = _ec2(region, "instance"), _ec2(region, "launch-template")
    tagged: dict[str, dict[str, Any]] = {
        "StringEquals": mine,
        "ForAllValues:StringEquals": {"aws:TagKeys": TAGS_OF_A_NODE},
    }
    return [
        Allow(["ec2:RunInstances", "ec2:CreateFleet"], [_ec2(region, kind) for kind in GIVEN]),
        Allow([f"ec2:{action}" for action in CREATING], made, {"StringEquals": owned}),
        Allow(["ec2:CreateTags"], made, {"StringEquals": owned | {"ec2:CreateAction": CREATING}}),
        Allow(["ec2:CreateTags"], [instance], tagged),
        Allow(ENDING, [instance, template], {"StringEquals": mine}),
    ]


def _ec2(region: str, kind: str) -> str:
    return f"arn:aws:ec2:{region}:*:{kind}/*"
