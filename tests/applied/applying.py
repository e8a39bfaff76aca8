"""Stands in for Pulumi's engine: what the program asks of Kubernetes goes to a real API server."""

import json
from dataclasses import dataclass, field
from typing import Any

from applied.lab import Lab, Refused
from recording import Recorder, Resource
from render import manifest


@dataclass
class Applier(Recorder):
    """Applies each resource as it is asked for, and answers with what the server made of it.

    Charts are not applied, for they are fetched by Helm; nor is what AWS makes.
    """

    lab: Lab | None = None
    applied: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def new_resource(self, args) -> tuple[str | None, dict[str, Any]]:
        """A refusal is kept, and the program goes on: one run tells all of them."""
        id_, outputs = super().new_resource(args)
        if self.lab is None or not goes_to_the_server(self.resources[-1]):
            return id_, outputs
        wanted = older(unmarked(manifest(self.resources[-1])))
        try:
            self.lab.apply(json.dumps(wanted))
        except Refused as error:
            self.refused.append(f"{wanted['kind']} {wanted['metadata']['name']}: {error}")
            return id_, outputs
        self.applied.append(wanted)
        return id_, {**outputs, **self.found(wanted)}

    def found(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """The object as the server has it, but for what Pulumi must not take for an output."""
        assert self.lab is not None
        head = wanted["metadata"]
        place = [f"--namespace={head['namespace']}"] if "namespace" in head else []
        kind = ".".join([wanted["kind"], *reversed(wanted["apiVersion"].split("/"))])
        if "/" not in wanted["apiVersion"]:
            kind = wanted["kind"]
        made = json.loads(self.lab.kubectl("get", kind, head["name"], *place, "--output=json"))
        return {key: value for key, value in made.items() if key in {"spec", "status"}}


def goes_to_the_server(resource: Resource) -> bool:
    """Whether it is an object of Kubernetes."""
    return resource.type.startswith("kubernetes:") and "kind" in resource.inputs


def unmarked(value: Any) -> Any:
    """Secret values as they are: the engine decrypts them before they go to a provider."""
    if isinstance(value, dict):
        if IS_SECRET in value.values():
            return unmarked(value["value"])
        return {key: unmarked(each) for key, each in value.items()}
    return [unmarked(each) for each in value] if isinstance(value, list) else value


def older(wanted: dict[str, Any]) -> dict[str, Any]:
    """The lab has Strimzi's definitions of 0.45, which know as v1beta2 what is called v1 since 0.49."""
    if wanted["apiVersion"] == "kafka.strimzi.io/v1":
        return wanted | {"apiVersion": "kafka.strimzi.io/v1beta2"}
    return wanted


# How Pulumi marks a secret value: sdk/go/common/resource/sig.go.
IS_SECRET = "1b47061264138c4ac30d75fd1eb44270"
