"""What Karpenter may make for a group of nodes."""

import re
from collections.abc import Sequence
from datetime import UTC
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.aws.network import DISCOVERY
from components.aws.node_group import CAPACITY, DATA_GIB, SYSTEM_GIB
from settings import NodeGroup, Sale
from versions import BOTTLEROCKET

NODE_CLASS = "bottlerocket"
LIFE = "720h"
VCPUS = {"medium": 1, "large": 2, "xlarge": 4}
# Spot is tried first; where AWS has none left, Karpenter falls back to what is on demand.
WEIGHTS = {"spot": 50, "on-demand": 10}


class NodeClass(pulumi.ComponentResource):
    """Bottlerocket at its pinned version, encrypted, with metadata for the node alone, as a managed group."""

    def __init__(
        self,
        name: str,
        *,
        profile: pulumi.Input[str],
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:NodeClass", NODE_CLASS, None, opts)
        found_by_tag = [{"tags": {DISCOVERY: name}}]
        k8s.apiextensions.CustomResource(
            NODE_CLASS,
            api_version="karpenter.k8s.aws/v1",
            kind="EC2NodeClass",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=NODE_CLASS),
            spec={
                "amiSelectorTerms": [{"alias": f"bottlerocket@v{BOTTLEROCKET}"}],
                "instanceProfile": profile,
                "subnetSelectorTerms": found_by_tag,
                "securityGroupSelectorTerms": found_by_tag,
                "metadataOptions": {
                    "httpEndpoint": "enabled",
                    "httpTokens": "required",
                    "httpPutResponseHopLimit": 1,
                },
                "blockDeviceMappings": [
                    _volume("/dev/xvda", SYSTEM_GIB, key_arn),
                    _volume("/dev/xvdb", DATA_GIB, key_arn),
                ],
                "tags": {"Name": f"{name}-karpenter"},
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


class NodePool(pulumi.ComponentResource):
    """The nodes of a group beyond those of its managed group, up to `max_nodes`.

    While a sale is on no node is taken away to save money; at other times a tenth of them at once.
    """

    def __init__(
        self,
        name: str,
        group: NodeGroup,
        *,
        sales: Sequence[Sale],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:NodePool", name, None, opts)
        k8s.apiextensions.CustomResource(
            name,
            api_version="karpenter.sh/v1",
            kind="NodePool",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=name),
            spec={
                "template": {
                    "metadata": {"labels": {CAPACITY: group.capacity}},
                    "spec": {
                        "nodeClassRef": {
                            "group": "karpenter.k8s.aws",
                            "kind": "EC2NodeClass",
                            "name": NODE_CLASS,
                        },
                        "requirements": _requirements(group),
                        "expireAfter": LIFE,
                    },
                },
                "weight": WEIGHTS[group.capacity],
                "limits": {"cpu": str(_most_vcpus(group))},
                "disruption": {
                    "consolidationPolicy": "WhenEmptyOrUnderutilized",
                    "consolidateAfter": "5m",
                    "budgets": [{"nodes": "10%"}, *map(_frozen, sales)],
                },
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def vcpus(instance_type: str) -> int:
    """The vCPUs of an instance type, which its size tells: m8g.2xlarge has 8."""
    size = instance_type.partition(".")[2]
    if many := re.fullmatch(r"(\d+)xlarge", size):
        return int(many[1]) * VCPUS["xlarge"]
    if size not in VCPUS:
        raise ValueError(f"instance_types: {instance_type}: its vCPUs are not told by its size")
    return VCPUS[size]


def _most_vcpus(group: NodeGroup) -> int:
    managed = group.min_nodes if group.capacity == "on-demand" else 0
    return (group.max_nodes - managed) * max(map(vcpus, group.instance_types))


def _requirements(group: NodeGroup) -> list[dict[str, Any]]:
    wanted = {
        "karpenter.sh/capacity-type": [group.capacity],
        "kubernetes.io/arch": [group.architecture],
        "node.kubernetes.io/instance-type": group.instance_types,
    }
    return [{"key": key, "operator": "In", "values": values} for key, values in wanted.items()]


def _frozen(sale: Sale) -> dict[str, str]:
    """No voluntary disruption from before the sale to its end. The schedule is in UTC and has no year."""
    start = sale.starts.astimezone(UTC)
    minutes = int((sale.ends - sale.starts).total_seconds() // 60)
    return {
        "nodes": "0",
        "schedule": f"{start.minute} {start.hour} {start.day} {start.month} *",
        "duration": f"{minutes}m",
    }


def _volume(device: str, gib: int, key_arn: pulumi.Input[str]) -> dict[str, Any]:
    ebs = {
        "volumeSize": f"{gib}Gi",
        "volumeType": "gp3",
        "encrypted": True,
        "kmsKeyID": key_arn,
        "deleteOnTermination": True,
    }
    return {"deviceName": device, "ebs": ebs}
