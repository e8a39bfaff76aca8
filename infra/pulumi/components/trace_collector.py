"""The collector that stands between the services and where traces are kept."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import yaml

from components.microservice.container import locked_down, resources, unprivileged
from components.microservice.pods import checksum
from components.microservice.spec import labels
from components.peers import all_of, pods, port, to_dns
from components.shop_namespace import SHOP
from components.trace_store import Store
from versions import OTEL_COLLECTOR

core, meta, net, hpa = k8s.core.v1, k8s.meta.v1, k8s.networking.v1, k8s.autoscaling.v2
OTLP_PORT, HEALTH_PORT = 4318, 13_133
MEMORY_MIB = 512


class TraceCollector(pulumi.ComponentResource):
    """Takes OTLP over HTTP from the shop; drops what it cannot keep, before it runs out of memory."""

    name = "collector"

    def __init__(
        self, namespace: pulumi.Input[str], store: Store, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("seawall:platform:TraceCollector", self.name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        metadata = meta.ObjectMetaArgs(name=self.name, namespace=namespace, labels=labels(self.name))
        text = yaml.safe_dump(_configuration(store), sort_keys=False)
        configuration = core.ConfigMap(self.name, metadata=metadata, data={"config.yaml": text}, opts=child)
        core.Service(
            self.name,
            metadata=metadata,
            spec=core.ServiceSpecArgs(
                selector=labels(self.name), ports=[core.ServicePortArgs(name="otlp", port=OTLP_PORT)]
            ),
            opts=child,
        )
        net.NetworkPolicy(self.name, metadata=metadata, spec=_policy(self.name, store.name), opts=child)
        deployment = k8s.apps.v1.Deployment(
            self.name,
            metadata=metadata,
            spec=_deployment(self.name, text),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[configuration]),
        )
        after = pulumi.ResourceOptions(parent=self, depends_on=[deployment])
        k8s.policy.v1.PodDisruptionBudget(
            self.name,
            metadata=metadata,
            spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(
                max_unavailable=1,
                unhealthy_pod_eviction_policy="AlwaysAllow",
                selector=meta.LabelSelectorArgs(match_labels=labels(self.name)),
            ),
            opts=after,
        )
        hpa.HorizontalPodAutoscaler(self.name, metadata=metadata, spec=_autoscaler(self.name), opts=after)
        self.register_outputs({})


def _configuration(store: Store) -> dict[str, Any]:
    """https://opentelemetry.io/docs/collector/configuration/"""
    return {
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"0.0.0.0:{OTLP_PORT}"}}}},
        "processors": {
            "memory_limiter": {"check_interval": "1s", "limit_percentage": 75, "spike_limit_percentage": 20},
            "batch": {"send_batch_size": 2048, "timeout": "1s"},
        },
        "exporters": {store.exporter: {**store.settings, "sending_queue": {"queue_size": 1000}}},
        "extensions": {"health_check": {"endpoint": f"0.0.0.0:{HEALTH_PORT}"}},
        "service": {
            "extensions": ["health_check"],
            "pipelines": {
                "traces": {
                    "receivers": ["otlp"],
                    "processors": ["memory_limiter", "batch"],
                    "exporters": [store.exporter],
                }
            },
        },
    }


def _deployment(name: str, configuration: str) -> k8s.apps.v1.DeploymentSpecArgs:
    return k8s.apps.v1.DeploymentSpecArgs(
        selector=meta.LabelSelectorArgs(match_labels=labels(name)),
        strategy=k8s.apps.v1.DeploymentStrategyArgs(
            type="RollingUpdate",
            rolling_update=k8s.apps.v1.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1),
        ),
        template=core.PodTemplateSpecArgs(
            metadata=meta.ObjectMetaArgs(
                labels=labels(name),
                annotations={"seawall.dev/configuration": checksum({"config": configuration})},
            ),
            spec=_pod(name),
        ),
    )


def _pod(name: str) -> core.PodSpecArgs:
    probe = core.ProbeArgs(
        http_get=core.HTTPGetActionArgs(path="/", port=HEALTH_PORT), period_seconds=10, timeout_seconds=2
    )
    return core.PodSpecArgs(
        automount_service_account_token=False,
        security_context=unprivileged(),
        containers=[
            core.ContainerArgs(
                name=name,
                image=OTEL_COLLECTOR,
                args=["--config=/etc/collector/config.yaml"],
                ports=[core.ContainerPortArgs(name="otlp", container_port=OTLP_PORT)],
                resources=resources(200, MEMORY_MIB),
                readiness_probe=probe,
                liveness_probe=probe,
                security_context=locked_down(),
                volume_mounts=[
                    core.VolumeMountArgs(name="configuration", mount_path="/etc/collector", read_only=True)
                ],
            )
        ],
        volumes=[core.VolumeArgs(name="configuration", config_map=core.ConfigMapVolumeSourceArgs(name=name))],
    )


def _autoscaler(name: str) -> hpa.HorizontalPodAutoscalerSpecArgs:
    target = hpa.MetricTargetArgs(type="Utilization", average_utilization=70)
    cpu = hpa.ResourceMetricSourceArgs(name="cpu", target=target)
    return hpa.HorizontalPodAutoscalerSpecArgs(
        scale_target_ref=hpa.CrossVersionObjectReferenceArgs(
            api_version="apps/v1", kind="Deployment", name=name
        ),
        min_replicas=1,
        max_replicas=10,
        metrics=[hpa.MetricSpecArgs(type="Resource", resource=cpu)],
    )


def _policy(name: str, store: str) -> net.NetworkPolicySpecArgs:
    """In: OTLP from the shop. Out: DNS, and the store."""
    return net.NetworkPolicySpecArgs(
        pod_selector=meta.LabelSelectorArgs(match_labels=labels(name)),
        policy_types=["Ingress", "Egress"],
        ingress=[net.NetworkPolicyIngressRuleArgs(from_=[all_of(SHOP)], ports=[port(OTLP_PORT)])],
        egress=[to_dns(), net.NetworkPolicyEgressRuleArgs(to=[pods(labels(store))])],
    )
