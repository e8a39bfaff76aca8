"""The key that all data of a stack is encrypted with."""

import json
from typing import Any

import pulumi
import pulumi_aws as aws

# What encrypts for its callers: https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
USE = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
GRANT = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]


class EncryptionKey(pulumi.ComponentResource):
    """A customer's key, turned every year. The account's IAM decides who may use it.

    CloudWatch Logs and the service that makes the nodes' volumes have no role here, and are named.
    """

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, account: pulumi.Input[str], region: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("seawall:aws:EncryptionKey", name, None, opts)
        key = aws.kms.Key(
            name,
            description=f"All data of {name}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=pulumi.Output.from_input(account).apply(lambda id_: _policy(id_, region)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.kms.Alias(
            name,
            name=f"alias/{name}",
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})


def _policy(account: str, region: str) -> str:
    iam = f"arn:aws:iam::{account}"
    nodes = f"{iam}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    logs = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account}:*"}}
    for_aws = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    statements = [
        _allow({"AWS": f"{iam}:root"}, ["kms:*"]),
        _allow({"Service": f"logs.{region}.amazonaws.com"}, USE, logs),
        _allow({"AWS": nodes}, USE),
        _allow({"AWS": nodes}, GRANT, for_aws),
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _allow(
    principal: dict[str, str], actions: list[str], condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*"}
    return statement | ({"Condition": condition} if condition else {})
