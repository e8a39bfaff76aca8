"""What is in a cluster before anybody uses it: resource definitions, nodes over three zones, metrics."""

import asyncio
import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import yaml

from tools.devstack.failures import DevstackError
from tools.kubelab.kubectl import Kubectl

ZONES = ("zone-a", "zone-b", "zone-c")
CAPACITY = {"cpu": "8", "memory": "32Gi", "pods": "110"}
APPLY = ("apply", "--server-side", "--validate=false")
ATTEMPTS = 20


@dataclass(frozen=True)
class Aggregated:
    """A program beside the cluster that serves v1beta1 of an API group, as a Service of that name."""

    group: str
    service: str
    port: int


async def furnish(
    kubectl: Kubectl,
    *,
    definitions: Sequence[Path],
    nodes: int,
    aggregated: Sequence[Aggregated],
    authority: Path,
) -> None:
    """Returns when every definition is Established; nodes become ready by kwok. Errors: DevstackError."""
    if definitions:
        await asyncio.gather(*(kubectl(*APPLY, f"--filename={folder}") for folder in definitions))
        await _until_established(kubectl)
    parts = [_manifest(each, authority) for each in aggregated]
    parts += [yaml.safe_dump(node(number)) for number in range(nodes)]
    await kubectl(*APPLY, "--filename=-", manifest="\n---\n".join(parts))


def node(number: int) -> dict[str, object]:
    """A node of these labels and this capacity; all else is reported by kwok."""
    name = f"node-{number}"
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/zone": ZONES[number % len(ZONES)],
        "type": "kwok",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "status": {"allocatable": CAPACITY, "capacity": CAPACITY},
    }


async def _until_established(kubectl: Kubectl) -> None:
    """`kubectl wait` gives up on one that has no conditions yet, so it is asked again."""
    for attempt in range(ATTEMPTS):
        try:
            await kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        except DevstackError:
            if attempt == ATTEMPTS - 1:
                raise
            await asyncio.sleep(0.5)
        else:
            return


def _manifest(aggregated: Aggregated, authority: Path) -> str:
    text = (resources.files("tools.kubelab") / "manifests" / "aggregated.yaml").read_text()
    values = {
        "GROUP": aggregated.group,
        "SERVICE": aggregated.service,
        "PORT": str(aggregated.port),
        "AUTHORITY": base64.b64encode(authority.read_bytes()).decode(),
    }
    return re.sub("|".join(values), lambda found: values[found[0]], text)
