"""Room for the pods of the next minute: nodes that are there before anybody needs them."""

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components import priorities
from components.microservice.container import locked_down, resources, unprivileged
from components.microservice.scaling import cron
from settings import Sale, Scaling
from versions import PAUSE
from workloads import Workload

core, meta = k8s.core.v1, k8s.meta.v1
NAME = "headroom"
LABELS = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": "seawall"}


class Headroom(pulumi.ComponentResource):
    """Pods that do nothing, each as large as the largest of the shop's, the first to go.

    A pod that needs their room takes it at once, and theirs is what a node is made for. Before a sale
    KEDA makes more of them; beside prometheus-adapter PreScaling does. `beside` is what each pod of the
    shop has besides its container: millicores and MiB.
    """

    def __init__(
        self,
        namespace: pulumi.Input[str],
        workloads: Sequence[Workload],
        scaling: Scaling,
        sales: Sequence[Sale],
        *,
        beside: tuple[int, int] = (0, 0),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:platform:Headroom", NAME, None, opts)
        by_keda = scaling.pods == "keda"
        metadata = meta.ObjectMetaArgs(name=NAME, namespace=namespace, labels=LABELS)
        deployment = k8s.apps.v1.Deployment(
            NAME,
            metadata=metadata,
            spec=k8s.apps.v1.DeploymentSpecArgs(
                # Once there are sales, others say how many there are.
                replicas=None if sales else scaling.headroom_pods,
                selector=meta.LabelSelectorArgs(match_labels=LABELS),
                strategy=k8s.apps.v1.DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=k8s.apps.v1.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1),
                ),
                template=core.PodTemplateSpecArgs(
                    metadata=meta.ObjectMetaArgs(labels=LABELS), spec=_pod(*_with(beside, workloads))
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        if sales and by_keda:
            k8s.apiextensions.CustomResource(
                f"{NAME}-scaler",
                api_version="keda.sh/v1alpha1",
                kind="ScaledObject",
                metadata=metadata,
                spec=_scaled_object(scaling, sales),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[deployment]),
            )
        self.register_outputs({})


def largest(workloads: Sequence[Workload]) -> tuple[int, int]:
    """Millicores and MiB into which each pod of the shop fits."""
    return max(each.cpu_millis for each in workloads), max(each.memory_mib for each in workloads)


def _scaled_object(scaling: Scaling, sales: Sequence[Sale]) -> dict[str, Any]:
    most = max(scaling.headroom_pods, *(sale.headroom_pods for sale in sales))
    return {
        "scaleTargetRef": {"name": NAME},
        "minReplicaCount": scaling.headroom_pods,
        "maxReplicaCount": max(most, 1),
        "triggers": [cron(sale, sale.headroom_pods) for sale in sales],
    }


def _with(beside: tuple[int, int], workloads: Sequence[Workload]) -> tuple[int, int]:
    millicores, mib = largest(workloads)
    return millicores + beside[0], mib + beside[1]


def _pod(millicores: int, mib: int) -> core.PodSpecArgs:
    return core.PodSpecArgs(
        automount_service_account_token=False,
        priority_class_name=priorities.HEADROOM,
        termination_grace_period_seconds=0,
        security_context=unprivileged(),
        containers=[
            core.ContainerArgs(
                name="pause",
                image=PAUSE,
                resources=resources(millicores, mib),
                security_context=locked_down(),
            )
        ],
        topology_spread_constraints=[
            core.TopologySpreadConstraintArgs(
                max_skew=1,
                topology_key="topology.kubernetes.io/zone",
                when_unsatisfiable="ScheduleAnyway",
                label_selector=meta.LabelSelectorArgs(match_labels=LABELS),
            )
        ],
    )
