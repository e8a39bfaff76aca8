"""Disks that pods claim, read from what the program asks for: claims of volumes, and templates of them."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from components.aws.volumes import NAME as GP3
from quantities import Quantity
from recording import Resource

Path = tuple[str | int, ...]
TEMPLATES = ("volumeClaimTemplate", "volumeClaimTemplates")
# How charts and operators call a claim that has no template, which nothing here can count.
OTHERS = ("persistence", "storage", "storagespec")
GIB = {"": 2.0**-30, "k": 1e3 / 2**30, "M": 1e6 / 2**30, "G": 1e9 / 2**30, "T": 1e12 / 2**30}
GIB |= {"Ki": 2.0**-20, "Mi": 2.0**-10, "Gi": 1.0, "Ti": 2.0**10}


def volumes(resource: Resource) -> Iterator[Quantity]:
    """The gibibytes that its pods claim, as gp3 bills them: whole ones, for each pod."""
    for path, claim in _claims(resource):
        if (pods := _pods(resource, path)) is not None and (gib := _gib(claim)) is not None:
            yield Quantity(_namespace(resource), "ebs.gp3.gib", pods * gib, pods * gib)


def unread(resource: Resource) -> Iterator[str]:
    """Claims that cannot be counted, each by its place: of unknown kinds, sizes or classes."""
    for path, claim in _claims(resource):
        if _pods(resource, path) is None or _gib(claim) is None:
            yield f"volume {'.'.join(map(str, path)) or 'claim'} of {resource.type} ({resource.name})"


def _claims(resource: Resource) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every claim, and where in the resource it stands."""
    if not resource.type.startswith("kubernetes:"):
        return
    if resource.type == "kubernetes:core/v1:PersistentVolumeClaim":
        yield (), resource.inputs
    else:
        yield from _within(resource.inputs, ())


def _within(node: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for key, value in _children(node):
        here = (*path, key)
        is_template = key in TEMPLATES or (path and path[-1] == TEMPLATES[1])
        if isinstance(value, Mapping) and value and (is_template or _is_claim(str(key), value)):
            yield here, value
        else:
            yield from _within(value, here)


def _children(node: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(node, Mapping):
        yield from node.items()
    elif isinstance(node, list):
        yield from enumerate(node)


def _is_claim(key: str, value: Mapping[str, Any]) -> bool:
    """It has a size, or is switched on, and no template that tells more."""
    if value.get("type") == "persistent-claim":
        return True
    if not key.lower().endswith(OTHERS) or set(value) & set(TEMPLATES):
        return False
    return value.get("enabled", "size" in value) is True


def _pods(resource: Resource, path: Path) -> float | None:
    """How many pods have the claim; None for a kind that is not known."""
    count = PODS.get(resource.type)
    return count(resource.inputs, path) if count else None


def _of_a_set(inputs: Mapping[str, Any], path: Path) -> float | None:
    return float(inputs["spec"].get("replicas", 1)) if path[0] == "spec" else None


def _of_elasticsearch(inputs: Mapping[str, Any], path: Path) -> float | None:
    match path:
        case ("spec", "nodeSets", int(at), "volumeClaimTemplates", _):
            return float(inputs["spec"]["nodeSets"][at]["count"])
    return None


def _of_logstash(inputs: Mapping[str, Any], path: Path) -> float | None:
    return float(inputs["spec"].get("count", 1)) if path[:2] == ("spec", "volumeClaimTemplates") else None


def _of_a_chart(inputs: Mapping[str, Any], path: Path) -> float | None:
    """Prometheus's and Alertmanager's, of kube-prometheus-stack."""
    match path:
        case ("values", part, str(owner), _, "volumeClaimTemplate") if owner in OWNERS:
            return float(inputs["values"][part][owner].get("replicas", 1))
    return None


def _gib(claim: Mapping[str, Any]) -> float | None:
    """None where it says no size, or another class than the one that has a price."""
    spec = claim.get("spec", {})
    size = str(spec.get("resources", {}).get("requests", {}).get("storage", ""))
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kMGT]|[KMGT]i)?", size)
    if found is None or spec.get("storageClassName", GP3) != GP3:
        return None
    return math.ceil(float(found[1]) * GIB[found[2] or ""])


OWNERS = ("prometheusSpec", "alertmanagerSpec")
PODS: dict[str, Callable[[Mapping[str, Any], Path], float | None]] = {
    "kubernetes:apps/v1:StatefulSet": _of_a_set,
    "kubernetes:core/v1:PersistentVolumeClaim": lambda _inputs, _path: 1,
    "kubernetes:elasticsearch.k8s.elastic.co/v1:Elasticsearch": _of_elasticsearch,
    "kubernetes:helm.sh/v3:Release": _of_a_chart,
    "kubernetes:logstash.k8s.elastic.co/v1alpha1:Logstash": _of_logstash,
}


def _namespace(resource: Resource) -> str:
    named = resource.inputs.get("namespace") or resource.inputs.get("metadata", {}).get("namespace")
    return str(named or "default")
