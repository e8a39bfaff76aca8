"""What AWS says of nodes that are about to go."""

import json

import pulumi
import pulumi_aws as aws

# https://karpenter.sh/docs/concepts/disruption/#interruption
NOTICES = {
    "spot": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "state": ("aws.ec2", "EC2 Instance State-change Notification"),
    "health": ("aws.health", "AWS Health Event"),
}


class InterruptionQueue(pulumi.ComponentResource):
    """A queue of the notices, encrypted, which nobody but EventBridge writes to and only over TLS."""

    arn: pulumi.Output[str]
    queue_name: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("seawall:aws:InterruptionQueue", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        queue = aws.sqs.Queue(
            name, name=name, message_retention_seconds=300, sqs_managed_sse_enabled=True, opts=child
        )
        aws.sqs.QueuePolicy(name, queue_url=queue.url, policy=queue.arn.apply(_policy), opts=child)
        for key, (source, kind) in NOTICES.items():
            rule = aws.cloudwatch.EventRule(
                f"{name}-{key}",
                event_pattern=json.dumps({"source": [source], "detail-type": [kind]}),
                opts=child,
            )
            aws.cloudwatch.EventTarget(f"{name}-{key}", rule=rule.name, arn=queue.arn, opts=child)
        self.arn = queue.arn
        self.queue_name = queue.name
        self.register_outputs({"arn": self.arn})


def _policy(arn: str) -> str:
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        },
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
