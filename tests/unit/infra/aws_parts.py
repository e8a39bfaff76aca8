"""A network, a cluster and settings for the tests of what stands on them."""

import json
from ipaddress import IPv4Network
from typing import Any

from components.aws.cluster import Cluster
from components.aws.network import Network
from settings import Settings
from unit.infra.program import Recorder

ADMIN = "arn:aws:iam::111122223333:role/platform-admin"
NAME, KEY, REGION = "seawall-test", "arn:key", "eu-central-1"
CORE = {"instance_types": ["m8g.xlarge"], "min_nodes": 3, "max_nodes": 9}
BURST = {"instance_types": ["m8g.2xlarge", "m7g.xlarge"], "capacity": "spot", "min_nodes": 0, "max_nodes": 10}


def network_of(**changes: Any) -> Network:
    """A VPC over three zones with one NAT."""
    given: dict[str, Any] = {
        "region": REGION,
        "cidr": IPv4Network("10.40.0.0/16"),
        "zones": 3,
        "nat_per_zone": False,
        "key_arn": KEY,
        "retention_days": 30,
    }
    return Network(NAME, **(given | changes))


def cluster_of(network: Network, **changes: Any) -> Cluster:
    """A private cluster in it."""
    given: dict[str, Any] = {
        "key_arn": KEY,
        "admin_roles": [ADMIN],
        "api_allowed_cidrs": [],
        "retention_days": 30,
        "production": True,
    }
    return Cluster(NAME, network=network, **(given | changes))


def aws_settings(**changes: Any) -> Settings:
    """Settings of a stack on AWS."""
    given: dict[str, Any] = {
        "platform": "aws",
        "domain": "shop.example",
        "images": {"registry": "r", "tag": "main"},
        "operator_password": "a secret",
        "signing_key": "a secret",
        "aws": {
            "region": REGION,
            "admin_roles": [ADMIN],
            "hosted_zone_id": "Z1",
            "postgres_authority": "-----BEGIN CERTIFICATE-----\nabc\n",
            "node_groups": {"core": CORE, "burst": BURST},
        },
    }
    return Settings.model_validate(given | changes)


def statements_of(made: Recorder) -> list[dict[str, Any]]:
    """All statements of all policies of roles."""
    return [
        statement
        for policy in made.of("iam/rolePolicy:RolePolicy")
        for statement in json.loads(policy.inputs["policy"])["Statement"]
    ]
