"""A rush on one service in the lab: load comes, is spread over the pods that are ready, and goes again."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from applied.applying import unmarked
from applied.lab import Lab, Refused
from recording import record_stack
from render import NAME, manifest

SERVICE, NAMESPACE = "orders", "shop"
USAGE = "kwok.x-k8s.io/usage-cpu"
WARNINGS = 5
AUTOSCALERS = ("HorizontalPodAutoscaler", "ScaledObject")
# What one service needs of the stack: KEDA looks into its configuration, nobody into its secrets.
KINDS = (
    "PriorityClass",
    "Namespace",
    "ServiceAccount",
    "ConfigMap",
    "Deployment",
    *AUTOSCALERS,
    "PodDisruptionBudget",
)
NODES = """
apiVersion: karpenter.kwok.sh/v1alpha1
kind: KWOKNodeClass
metadata:
  name: simulated
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata:
  name: simulated
spec:
  template:
    spec:
      nodeClassRef: {group: karpenter.kwok.sh, kind: KWOKNodeClass, name: simulated}
      requirements:
        - {key: karpenter.kwok.sh/instance-cpu, operator: In, values: ["2"]}
        - {key: karpenter.sh/capacity-type, operator: In, values: ["on-demand"]}
        - {key: kubernetes.io/arch, operator: In, values: ["amd64"]}
        - {key: kubernetes.io/os, operator: In, values: ["linux"]}
  disruption:
    consolidationPolicy: WhenEmptyOrUnderutilized
    consolidateAfter: 10s
    budgets:
      - nodes: "1"
"""


@dataclass(frozen=True)
class Sample:
    """What was seen at one moment; `load` in cores, requests per second, messages that wait, ready nodes."""

    seconds: float
    load: float
    wanted: int
    ready: int
    nodes: int
    phase: str
    requests: float = 0.0
    messages: int = 0


@dataclass
class Rush:
    """Drives the load and keeps what it sees. `overrides` are settings of the stack that is rushed."""

    lab: Lab
    overrides: dict[str, str] = field(default_factory=dict)
    cores_per_pod: float = 0.0
    load: float = 0.0
    requests: float = 0.0
    messages: int = 0
    phase: str = "quiet"
    pods_seen: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    def set_up(self, change_autoscaler: Callable[[dict[str, Any]], None]) -> None:
        """The service of production as Pulumi asks for it, and a pool of simulated nodes."""
        self.lab.apply(NODES)
        for wanted in service_manifests(self.overrides):
            if wanted["kind"] in AUTOSCALERS:
                change_autoscaler(wanted["spec"])
            if wanted["kind"] == "Deployment":
                container = wanted["spec"]["template"]["spec"]["containers"][0]
                self.cores_per_pod = int(container["resources"]["requests"]["cpu"].removesuffix("m")) / 1000
            self.lab.apply(json.dumps(wanted))

    def until(self, reached: Callable[[Sample], bool], within_seconds: float, what: str) -> Sample:
        """Goes on until a sample is as wanted. Fails with what was seen, and the warnings."""
        give_up_at = time.monotonic() + within_seconds
        while True:
            sample = self.step()
            if reached(sample):
                return sample
            if time.monotonic() >= give_up_at:
                raise AssertionError(
                    f"{what}: not within {within_seconds:g} s: {sample}; {self.warnings() or 'no warnings'}"
                )
            time.sleep(0.5)

    def hold(self, seconds: float) -> None:
        """Goes on for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.step()
            time.sleep(0.5)

    def step(self) -> Sample:
        """Spreads the load over the pods that are ready, and looks."""
        pods = [pod for pod in self.pods() if is_ready(pod)]
        self.pods_seen = [pod["metadata"]["name"] for pod in pods]
        for pod in pods:
            wanted = f"{round(1000 * self.load / len(pods))}m"
            if pod["metadata"].get("annotations", {}).get(USAGE) != wanted:
                self._annotate(pod["metadata"]["name"], wanted)
        deployment = self._get("deployment", SERVICE)
        nodes = [node for node in self._list("nodes") if is_ready(node)]
        sample = Sample(
            seconds=round(time.monotonic() - self._began, 1),
            load=self.load,
            wanted=deployment["spec"].get("replicas", 1),
            ready=deployment.get("status", {}).get("availableReplicas", 0),
            nodes=len(nodes),
            phase=self.phase,
            requests=self.requests,
            messages=self.messages,
        )
        self.samples.append(sample)
        return sample

    def keep(self) -> None:
        """What was seen, where SEAWALL_LAB_SAMPLES says, for a picture."""
        if target := os.environ.get("SEAWALL_LAB_SAMPLES"):
            Path(target).write_text(json.dumps([asdict(seen) for seen in self.samples]))

    def pods(self) -> list[dict[str, Any]]:
        """The service's own."""
        return self._list("pods", "--namespace", NAMESPACE, f"--selector={NAME}={SERVICE}")

    def warnings(self) -> str:
        """The last ones of the cluster, one a line."""
        events = self._list("events", "--all-namespaces", "--field-selector=type=Warning")
        return "\n".join(f"{each['reason']}: {each['message']}" for each in events[-WARNINGS:])

    def evict(self, pod: str) -> str:
        """What the API server says to it; nothing, if the pod goes."""
        head = {"name": pod, "namespace": NAMESPACE}
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": head}
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}/eviction"
        try:
            self.lab.kubectl("create", "--raw", path, "--filename=-", manifest=json.dumps(eviction))
        except Refused as error:
            return str(error)
        return ""

    def _annotate(self, pod: str, usage: str) -> None:
        try:
            self.lab.kubectl(
                "annotate", "--overwrite", "pod", pod, f"{USAGE}={usage}", "--namespace", NAMESPACE
            )
        except Refused as error:
            assert "not found" in str(error)  # it has just gone

    def _get(self, kind: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self.lab.kubectl("get", kind, name, "--namespace", NAMESPACE, "--output=json")
        )
        return found

    def _list(self, kind: str, *arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.lab.kubectl("get", kind, *arguments, "--output=json"))[
            "items"
        ]
        return found


def service_manifests(overrides: dict[str, str]) -> list[dict[str, Any]]:
    """In the order in which Pulumi asks for them."""
    recorded = record_stack("aws-prod", None, **overrides).resources
    asked = [unmarked(manifest(each)) for each in recorded if each.inputs.get("kind") in KINDS]
    return [each for each in asked if _belongs(each["kind"], each["metadata"])]


def _belongs(kind: str, head: dict[str, Any]) -> bool:
    if kind == "PriorityClass":
        return True
    if kind == "Namespace":
        return bool(head["name"] == NAMESPACE)
    return (head.get("namespace"), head["name"]) == (NAMESPACE, SERVICE)


def is_ready(thing: dict[str, Any]) -> bool:
    """A pod or a node that says so, and is not about to go."""
    conditions = {each["type"]: each["status"] for each in thing.get("status", {}).get("conditions", [])}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in thing["metadata"]
