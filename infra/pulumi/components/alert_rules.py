"""Who is told what, and when: our rules for the Prometheus of the cluster."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.watching.backups import backups
from components.watching.burn_rates import burn_rate_groups
from components.watching.rules import group
from components.watching.store_queries import StoreQueries
from components.watching.store_symptoms import store_symptoms
from components.watching.symptoms import symptoms
from objectives import OBJECTIVES
from versions import KUBE_PROMETHEUS_STACK
from workloads import Workload

NAME = "seawall"


class AlertRules(pulumi.ComponentResource):
    """Burn rates of `objectives.py`, symptoms, those of stores, and of backups where there are some.

    The label is what the chart's operator looks for.
    """

    def __init__(
        self,
        namespace: pulumi.Input[str],
        workloads: Sequence[Workload],
        stores: StoreQueries,
        *,
        backed_up: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:platform:AlertRules", NAME, None, opts)
        services = [each.dns_name for each in workloads]
        groups = [
            *burn_rate_groups(OBJECTIVES),
            group("symptoms", symptoms(services)),
            group("stores", store_symptoms(stores)),
            *([group("backups", backups())] if backed_up else []),
        ]
        k8s.apiextensions.CustomResource(
            "alert-rules",
            api_version="monitoring.coreos.com/v1",
            kind="PrometheusRule",
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=NAME,
                namespace=namespace,
                labels={"app.kubernetes.io/part-of": "seawall", "release": KUBE_PROMETHEUS_STACK.name},
            ),
            spec={"groups": groups},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
