"""Who spoke with whom in a VPC."""

import pulumi
import pulumi_aws as aws

from components.aws.iam import Allow, policy, trust

WRITE = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]


class FlowLogs(pulumi.ComponentResource):
    """Every accepted and refused connection of a VPC, encrypted, kept for `retention_days`."""

    def __init__(
        self,
        name: str,
        *,
        vpc_id: pulumi.Input[str],
        key_arn: pulumi.Input[str],
        retention_days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:FlowLogs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        label = f"{name}-flow-logs"
        group = aws.cloudwatch.LogGroup(
            label,
            name=f"/seawall/{name}/flow-logs",
            kms_key_id=key_arn,
            retention_in_days=retention_days,
            opts=child,
        )
        role = aws.iam.Role(label, assume_role_policy=trust("vpc-flow-logs.amazonaws.com"), opts=child)
        aws.iam.RolePolicy(
            label,
            role=role.name,
            policy=policy(Allow(WRITE, [group.arn, pulumi.Output.concat(group.arn, ":*")])),
            opts=child,
        )
        aws.ec2.FlowLog(
            label,
            vpc_id=vpc_id,
            traffic_type="ALL",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=600,
            tags={"Name": label},
            opts=child,
        )
        self.register_outputs({})
