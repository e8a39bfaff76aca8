"""IAM policies as data: what is allowed on what, and never all on everything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi


@dataclass(frozen=True)
class Allow:
    """One statement: the actions, on the resources (ARNs), under the conditions."""

    actions: Sequence[str]
    resources: Sequence[pulumi.Input[str]]
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if "*" in self.actions:
            raise ValueError("actions: name them; * allows everything that AWS will ever have")


def policy(*statements: Allow) -> pulumi.Output[str]:
    """The policy document of the statements, as JSON."""
    return pulumi.Output.json_dumps(
        {"Version": "2012-10-17", "Statement": [_statement(each) for each in statements]}
    )


def trust(service: str, *actions: str) -> pulumi.Output[str]:
    """The document by which a service of AWS, e.g. "ec2.amazonaws.com", may take a role."""
    return pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": service},
                    "Action": list(actions or ("sts:AssumeRole",)),
                }
            ],
        }
    )


def _statement(allow: Allow) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(allow.actions), "Resource": list(allow.resources)}
    return statement | ({"Condition": allow.conditions} if allow.conditions else {})
