"""One service of the shop in Kubernetes."""

import hashlib
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.microservice.container import configuration, migration_container, service_container
from components.microservice.pods import deployment_spec, pod_spec
from components.microservice.scaling import autoscaler
from components.microservice.spec import (
    COMPONENT,
    MIGRATION,
    NAME,
    ServiceSpec,
    Surroundings,
    image,
    labels,
    selector,
)
from components.microservice.traffic import headless_service, metadata, policy

core = k8s.core.v1
DAY_SECONDS = 86_400


class Microservice(pulumi.ComponentResource):
    """Deployment, Service, account, autoscaler, disruption budget, network policy, scraping, migrations.

    The schema is expanded before the Deployment is changed; with `contracts` it is contracted after that.
    """

    def __init__(
        self,
        spec: ServiceSpec,
        around: Surroundings,
        *,
        contracts: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:shop:Microservice", spec.name, None, opts)
        self._spec, self._around = spec, around
        before = self._surroundings()
        if spec.migrates:
            before.append(self._migration(contracts=False, after=before))
        deployment = k8s.apps.v1.Deployment(
            spec.name,
            metadata=metadata(spec, around.namespace),
            spec=deployment_spec(spec, service_container(spec, around), self._annotations(spec.open_ports)),
            opts=self._child(before),
        )
        if spec.migrates and contracts:
            self._migration(contracts=True, after=[deployment])
        self._availability(deployment)
        self.register_outputs({})

    def _surroundings(self) -> list[pulumi.Resource]:
        """What its pods need before they can start."""
        spec, namespace, opts = self._spec, self._around.namespace, self._child()
        membership = self._around.mesh.membership
        name, of_mine = spec.name, metadata(spec, namespace)
        return [
            core.ServiceAccount(name, metadata=of_mine, automount_service_account_token=False, opts=opts),
            core.ConfigMap(name, metadata=of_mine, data=configuration(spec), opts=opts),
            core.Service(name, metadata=of_mine, spec=headless_service(spec), opts=opts),
            k8s.networking.v1.NetworkPolicy(name, metadata=of_mine, spec=policy(spec, membership), opts=opts),
        ]

    def _availability(self, deployment: pulumi.Resource) -> None:
        spec, namespace, opts = self._spec, self._around.namespace, self._child([deployment])
        around = self._around
        has_proxy = any(around.mesh.membership.beside)
        autoscaler(spec, around.scaling, namespace, sales=around.sales, has_proxy=has_proxy, opts=opts)
        k8s.policy.v1.PodDisruptionBudget(
            spec.name,
            metadata=metadata(spec, namespace),
            spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(
                max_unavailable=1,
                unhealthy_pod_eviction_policy="AlwaysAllow",
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=selector(spec.name)),
            ),
            opts=opts,
        )
        k8s.apiextensions.CustomResource(
            f"{spec.name}-monitor",
            api_version="monitoring.coreos.com/v1",
            kind="PodMonitor",
            metadata=metadata(spec, namespace),
            spec={
                "selector": {"matchLabels": selector(spec.name)},
                "podMetricsEndpoints": [
                    {"port": "http", "path": path, "interval": "15s"} for path in spec.scraped
                ],
                "podTargetLabels": [NAME],
            },
            opts=opts,
        )

    def _migration(self, *, contracts: bool, after: list[pulumi.Resource]) -> pulumi.Resource:
        """A Job of the release's image: another image is another Job, for a Job does not change."""
        spec, around = self._spec, self._around
        branch = "contract" if contracts else "expand"
        release = hashlib.sha256(image(around.images, spec.workload.name).encode()).hexdigest()[:10]
        name = f"{spec.name}-{branch}-{release}"
        container = migration_container(spec, around, contracts=contracts)
        template = core.PodTemplateSpecArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(
                labels=labels(spec.name) | {COMPONENT: MIGRATION}, annotations=self._annotations() or None
            ),
            spec=pod_spec(spec, container, restart_policy="Never"),
        )
        return k8s.batch.v1.Job(
            name,
            metadata=metadata(spec, around.namespace, name),
            spec=k8s.batch.v1.JobSpecArgs(
                backoff_limit=6,
                active_deadline_seconds=900,
                ttl_seconds_after_finished=7 * DAY_SECONDS,
                template=template,
            ),
            opts=self._child(after),
        )

    def _annotations(self, open_ports: Sequence[int] = ()) -> Mapping[str, str]:
        return self._around.mesh.pod_annotations(outside=self._spec.outside, open_ports=open_ports)

    def _child(self, after: list[pulumi.Resource] | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=after or [])
