"""Floors that are raised before a sale, where no KEDA does it by its clock."""

import json
from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components import headroom
from components.microservice.container import locked_down, resources, unprivileged
from sale_floors import Step, schedule, steps
from settings import Sale, Scaling
from versions import KUBECTL
from workloads import Workload

core, meta, rbac = k8s.core.v1, k8s.meta.v1, k8s.rbac.v1
NAME = "pre-scaling"
LABELS = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": "seawall"}
AUTOSCALERS = ("autoscaling", "horizontalpodautoscalers")
DEPLOYMENT_SCALE = ("apps", "deployments/scale")
TOKEN = "token"  # noqa: S105 - the name of a volume
TOKEN_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105


class PreScaling(pulumi.ComponentResource):
    """A CronJob for each moment at which a floor changes; its pod may change these floors, and no more."""

    def __init__(
        self,
        namespace: pulumi.Input[str],
        shop: pulumi.Input[str],
        workloads: Sequence[Workload],
        scaling: Scaling,
        sales: Sequence[Sale],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:platform:PreScaling", NAME, None, opts)
        self._namespace, self._shop = namespace, shop
        self._child = pulumi.ResourceOptions(parent=self)
        names = {each.name: each.dns_name for each in workloads}
        account = core.ServiceAccount(
            NAME, metadata=self._metadata(NAME), automount_service_account_token=False, opts=self._child
        )
        named = sorted({names[name] for sale in sales for name in sale.replicas})
        self._may(shop, *AUTOSCALERS, named)
        self._may(namespace, *DEPLOYMENT_SCALE, [headroom.NAME])
        for step in steps(sales, floor=scaling.min_replicas, headroom=scaling.headroom_pods):
            self._job(step, names, account)
        self.register_outputs({})

    def _metadata(self, name: str) -> meta.ObjectMetaArgs:
        return meta.ObjectMetaArgs(name=name, namespace=self._namespace, labels=LABELS)

    def _may(self, namespace: pulumi.Input[str], group: str, kind: str, names: list[str]) -> None:
        name = f"{NAME}-{kind.replace('/', '-')}"
        metadata = meta.ObjectMetaArgs(name=NAME, namespace=namespace, labels=LABELS)
        rule = rbac.PolicyRuleArgs(
            api_groups=[group], resources=[kind], resource_names=names, verbs=["get", "patch"]
        )
        rbac.Role(name, metadata=metadata, rules=[rule], opts=self._child)
        rbac.RoleBinding(
            name,
            metadata=metadata,
            role_ref=rbac.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="Role", name=NAME),
            subjects=[rbac.SubjectArgs(kind="ServiceAccount", name=NAME, namespace=self._namespace)],
            opts=self._child,
        )

    def _job(self, step: Step, names: dict[str, str], account: pulumi.Resource) -> None:
        name = f"{NAME}-{step.at:%m%d-%H%M}"
        containers = [
            _patch(names[service], "hpa", names[service], self._shop, {"minReplicas": floor})
            for service, floor in step.floors.items()
        ]
        scale = {"replicas": step.headroom}
        containers.append(
            _patch(headroom.NAME, "deployment", headroom.NAME, self._namespace, scale, "--subresource=scale")
        )
        template = core.PodTemplateSpecArgs(
            metadata=meta.ObjectMetaArgs(labels=LABELS), spec=_pod(containers)
        )
        k8s.batch.v1.CronJob(
            name,
            metadata=self._metadata(name),
            spec=k8s.batch.v1.CronJobSpecArgs(
                schedule=schedule(step.at),
                time_zone="Etc/UTC",
                concurrency_policy="Replace",
                # A controller that was away for a while still does it.
                starting_deadline_seconds=1800,
                job_template=k8s.batch.v1.JobTemplateSpecArgs(
                    spec=k8s.batch.v1.JobSpecArgs(
                        backoff_limit=10, active_deadline_seconds=900, template=template
                    )
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[account]),
        )


def _patch(
    name: str, kind: str, target: str, namespace: pulumi.Input[str], values: dict[str, int], *flags: str
) -> core.ContainerArgs:
    patch = json.dumps({"spec": values})
    arguments = ["patch", kind, target, "--type=merge", f"--patch={patch}", *flags]
    return core.ContainerArgs(
        name=name,
        image=KUBECTL,
        args=[*arguments, pulumi.Output.concat("--namespace=", namespace)],
        resources=resources(50, 64),
        security_context=locked_down(),
        volume_mounts=[core.VolumeMountArgs(name=TOKEN, mount_path=TOKEN_FOLDER, read_only=True)],
    )


def _pod(containers: list[core.ContainerArgs]) -> core.PodSpecArgs:
    """With a token that ends within the hour, since that is what it is for."""
    own_namespace = core.DownwardAPIVolumeFileArgs(
        path="namespace", field_ref=core.ObjectFieldSelectorArgs(field_path="metadata.namespace")
    )
    sources = [
        core.VolumeProjectionArgs(
            service_account_token=core.ServiceAccountTokenProjectionArgs(
                path="token", expiration_seconds=3600
            )
        ),
        core.VolumeProjectionArgs(config_map=core.ConfigMapProjectionArgs(name="kube-root-ca.crt")),
        core.VolumeProjectionArgs(downward_api=core.DownwardAPIProjectionArgs(items=[own_namespace])),
    ]
    return core.PodSpecArgs(
        service_account_name=NAME,
        automount_service_account_token=False,
        restart_policy="OnFailure",
        security_context=unprivileged(owns_volumes=True),
        containers=containers,
        volumes=[
            core.VolumeArgs(name=TOKEN, projected=core.ProjectedVolumeSourceArgs(sources=sources)),
        ],
    )
