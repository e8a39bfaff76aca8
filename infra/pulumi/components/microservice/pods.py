"""The pods of a service: spread over zones and hosts, replaced one after the other, without rights."""

import hashlib
import json
from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from components.microservice.container import GRACE_SECONDS, configuration, unprivileged, volumes
from components.microservice.spec import ServiceSpec, labels, selector
from components.priorities import SHOP

core, meta = k8s.core.v1, k8s.meta.v1
CHECKSUM = "seawall.dev/configuration"


def deployment_spec(
    spec: ServiceSpec, container: core.ContainerArgs, annotations: Mapping[str, str]
) -> k8s.apps.v1.DeploymentSpecArgs:
    """How many there are is the autoscaler's to say: `replicas` is left out."""
    return k8s.apps.v1.DeploymentSpecArgs(
        revision_history_limit=5,
        progress_deadline_seconds=600,
        selector=meta.LabelSelectorArgs(match_labels=selector(spec.name)),
        strategy=k8s.apps.v1.DeploymentStrategyArgs(
            type="RollingUpdate",
            rolling_update=k8s.apps.v1.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge="25%"),
        ),
        template=core.PodTemplateSpecArgs(
            metadata=meta.ObjectMetaArgs(
                labels=labels(spec.name) | selector(spec.name),
                annotations={CHECKSUM: checksum(configuration(spec)), **annotations},
            ),
            spec=pod_spec(spec, container, spread=_spread(spec.name)),
        ),
    )


def pod_spec(
    spec: ServiceSpec,
    container: core.ContainerArgs,
    *,
    restart_policy: str = "Always",
    spread: list[core.TopologySpreadConstraintArgs] | None = None,
) -> core.PodSpecArgs:
    """A pod of the restricted standard, which no token of the API server reaches."""
    return core.PodSpecArgs(
        service_account_name=spec.name,
        automount_service_account_token=False,
        enable_service_links=False,
        containers=[container],
        restart_policy=restart_policy,
        priority_class_name=SHOP,
        security_context=unprivileged(owns_volumes=True),
        termination_grace_period_seconds=GRACE_SECONDS,
        topology_spread_constraints=spread,
        volumes=volumes(spec),
    )


def checksum(values: dict[str, pulumi.Input[str]]) -> pulumi.Output[str]:
    """Pods are replaced when what they are told changes."""

    def digest(known: dict[str, str]) -> str:
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]

    return pulumi.Output.all(**values).apply(digest)


def _spread(name: str) -> list[core.TopologySpreadConstraintArgs]:
    # Only pods of the same revision are counted: an update spreads as well as it found things.
    return [
        core.TopologySpreadConstraintArgs(
            max_skew=1,
            topology_key=key,
            when_unsatisfiable="ScheduleAnyway",
            label_selector=meta.LabelSelectorArgs(match_labels=selector(name)),
            match_label_keys=["pod-template-hash"],
        )
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]
