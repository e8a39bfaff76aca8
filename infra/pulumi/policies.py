"""What has to hold for everything that a stack asks Kubernetes for, said once, as rules over the record."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.priorities import HEADROOM
from components.shop_namespace import SHOP
from recording import Resource

Check = Callable[[Resource], Iterator[str]]
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
# Gone since 2025-08; retired in 2026-03.
ABANDONED = re.compile(r"bitnami|ingress-nginx")
SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|SIGNING_KEY")
WITH_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@")
# Ours by digest (settings.py sees to it), those of third parties at least by an exact version.
PINNED = re.compile(r"@sha256:[0-9a-f]{64}$|:v?\d+\.\d+[\w.-]*$")


@dataclass(frozen=True)
class Policy:
    """A rule, in one line, and what of a resource breaks it."""

    name: str
    rule: str
    check: Check


def violations(resources: Sequence[Resource], *, production: bool) -> list[str]:
    """One line for each violation: the rule, the resource, and where in it."""
    rules = [*POLICIES, *(PRODUCTION if production else ())]
    found = [
        f"{policy.name}: {resource.inputs['kind']} {resource.manifest_name}: {where}"
        for policy in rules
        for resource in resources
        if "kind" in resource.inputs
        for where in policy.check(resource)
    ]
    return found + [f"company: Deployment {line}" for line in _alone(resources)]


def _containers(resource: Resource) -> Iterator[Mapping[str, Any]]:
    pod = _pod(resource)
    yield from (*pod.get("initContainers", []), *pod.get("containers", []))


def _pod(resource: Resource) -> Mapping[str, Any]:
    if resource.inputs["kind"] not in WORKLOADS:
        return {}
    spec = resource.inputs["spec"]
    template = spec.get("jobTemplate", {}).get("spec", spec)["template"]
    pod: Mapping[str, Any] = template["spec"]
    return pod


def _limits(resource: Resource) -> Iterator[str]:
    for container in _containers(resource):
        resources = container.get("resources", {})
        if "memory" not in resources.get("limits", {}):
            yield f"container {container['name']} has no limit of memory"
        if not {"cpu", "memory"} <= set(resources.get("requests", {})):
            yield f"container {container['name']} requests no cpu or memory"


def _probes(resource: Resource) -> Iterator[str]:
    if resource.inputs["kind"] != "Deployment":
        return
    if _does_nothing(resource):
        return
    for container in _containers(resource):
        missing = [probe for probe in ("readinessProbe", "livenessProbe") if probe not in container]
        if missing:
            yield f"container {container['name']} has no {' and no '.join(missing)}"


def _does_nothing(resource: Resource) -> bool:
    """It holds room free for others (components/headroom.py)."""
    return bool(_pod(resource).get("priorityClassName") == HEADROOM)


def _restricted(resource: Resource) -> Iterator[str]:
    pod = _pod(resource)
    if pod and pod.get("automountServiceAccountToken") is not False:
        yield "its pods get a token of the API server"
    if pod and pod.get("securityContext", {}).get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "its pods have no seccomp profile"
    for container in _containers(resource):
        own = {**pod.get("securityContext", {}), **container.get("securityContext", {})}
        if not own.get("runAsNonRoot"):
            yield f"container {container['name']} may run as root"
        if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
            yield f"container {container['name']} may gain rights"
        if "ALL" not in own.get("capabilities", {}).get("drop", []):
            yield f"container {container['name']} keeps capabilities"
        if not own.get("readOnlyRootFilesystem"):
            yield f"container {container['name']} may write to its image"


def _kept_images(resource: Resource) -> Iterator[str]:
    for container in _containers(resource):
        if ABANDONED.search(container["image"]):
            yield f"image {container['image']} is kept by nobody"


def _no_secrets(resource: Resource) -> Iterator[str]:
    plain = dict(resource.inputs.get("data", {})) if resource.inputs["kind"] == "ConfigMap" else {}
    for container in _containers(resource):
        plain |= {each["name"]: each["value"] for each in container.get("env", []) if "value" in each}
    for name, value in plain.items():
        named = SECRET_NAME.search(name) and not name.endswith("_FILE")
        if named or WITH_PASSWORD.search(str(value)):
            yield f"{name} is in plain text"


def _no_door(resource: Resource) -> Iterator[str]:
    is_open = resource.inputs["kind"] == "Service" and resource.inputs["spec"].get("type") == "LoadBalancer"
    if is_open and resource.manifest_name != "gateway-public":
        yield "is reached from outside; only the gateway may be"


def _rollout(resource: Resource) -> Iterator[str]:
    if resource.inputs["kind"] != "Deployment":
        return
    update = resource.inputs["spec"].get("strategy", {}).get("rollingUpdate", {})
    if update.get("maxUnavailable") not in (0, "0"):
        yield "an update takes pods away before others are ready"


def _digest(resource: Resource) -> Iterator[str]:
    for container in _containers(resource):
        if not PINNED.search(container["image"]):
            yield f"image {container['image']} is not by digest or exact version"


def _alone(resources: Sequence[Resource]) -> Iterator[str]:
    """A Deployment that nothing scales, nothing protects from evictions, or everybody reaches."""
    without_callers = _without_callers(resources)
    kinds: dict[str, set[str]] = {}
    for each in resources:
        if "kind" in each.inputs and not _does_nothing(each):
            kinds.setdefault(each.manifest_name, set()).add(each.inputs["kind"])
    for name, own in sorted(kinds.items()):
        if "Deployment" in own:
            needed = {"PodDisruptionBudget", "NetworkPolicy"}
            missing = (needed - own) | ({"AuthorizationPolicy"} if name in without_callers else set())
            scaled = own & {"ScaledObject", "HorizontalPodAutoscaler"}
            lacks = sorted(missing) + ([] if scaled else ["autoscaler"])
            if lacks:
                yield f"{name}: has no {', no '.join(lacks)}"


def _without_callers(resources: Sequence[Resource]) -> set[str]:
    """Deployments of the shop that lack a list of callers, where there is a mesh."""
    kinds = {each.inputs.get("kind") for each in resources}
    shop = [each for each in resources if _is_of_the_shop(each)]
    lists = [each for each in resources if each.inputs.get("kind") == "AuthorizationPolicy"]
    if "PeerAuthentication" in kinds:
        return {each.manifest_name for each in shop} - {each.manifest_name for each in lists}
    if "Server" in kinds:
        listed = {each.inputs["spec"]["targetRef"]["name"] for each in lists}
        return {each.manifest_name for each in shop if not _ports(each) <= _served(each, resources, listed)}
    return set()


def _ports(deployment: Resource) -> set[int]:
    return {port["containerPort"] for each in _containers(deployment) for port in each.get("ports", [])}


def _served(deployment: Resource, resources: Sequence[Resource], listed: set[str]) -> set[int]:
    """The ports of its pods for which Linkerd has a Server, and that a list of callers."""
    pods = deployment.inputs["spec"]["selector"]["matchLabels"]
    servers = [each for each in resources if each.inputs.get("kind") == "Server"]
    own = [each for each in servers if each.inputs["spec"]["podSelector"]["matchLabels"] == pods]
    return {each.inputs["spec"]["port"] for each in own if each.manifest_name in listed}


def _is_of_the_shop(resource: Resource) -> bool:
    place = resource.inputs.get("metadata", {}).get("namespace")
    return resource.inputs.get("kind") == "Deployment" and place == SHOP


POLICIES = (
    Policy("limits", "each container requests CPU and memory, and has a limit of memory", _limits),
    Policy("probes", "each container of a Deployment has readiness and liveness", _probes),
    Policy("restricted", "pods have no rights, no token, and a root that is read-only", _restricted),
    Policy("kept images", "no image that nobody keeps", _kept_images),
    Policy("secrets", "no secret in plain text", _no_secrets),
    Policy("one door", "only the gateway is reached from outside", _no_door),
    Policy("rollout", "an update never takes a pod away first", _rollout),
)
PRODUCTION = (
    Policy("digest", "production takes images by digest, or of third parties by exact version", _digest),
)
COMPANY = "each Deployment has an autoscaler, a disruption budget, a network policy; in the mesh, callers"
