"""How many pods a service has: by CPU, memory, requests per second and the lag of what it consumes."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.microservice.spec import ServiceSpec, labels
from sale_floors import schedule
from settings import Sale, Scaling

hpa = k8s.autoscaling.v2
PROMETHEUS = "http://prometheus-operated.monitoring.svc:9090"
# As the scraper writes NAME of a pod.
SERVICE_LABEL = "app_kubernetes_io_name"
LAG = "seawall_consumer_lag"
# Messages that one pod has worked off within about a second.
LAG_PER_POD = "500"


def autoscaler(
    spec: ServiceSpec,
    scaling: Scaling,
    namespace: pulumi.Input[str],
    *,
    sales: Sequence[Sale] = (),
    has_proxy: bool = False,
    opts: pulumi.ResourceOptions,
) -> pulumi.CustomResource:
    """A ScaledObject of KEDA, which keeps an HPA, or the HPA itself beside prometheus-adapter.

    KEDA raises the floor for each of `sales` that names the service; the HPA's is PreScaling's to raise.
    Of pods that have a proxy the service's own container counts: the room of the other would hide its need.
    """
    counted = spec.name if has_proxy else ""
    metadata = k8s.meta.v1.ObjectMetaArgs(name=spec.name, namespace=namespace, labels=labels(spec.name))
    if scaling.pods == "keda":
        return k8s.apiextensions.CustomResource(
            f"{spec.name}-scaler",
            api_version="keda.sh/v1alpha1",
            kind="ScaledObject",
            metadata=metadata,
            spec=_scaled_object(spec, scaling, sales, counted),
            opts=opts,
        )
    return hpa.HorizontalPodAutoscaler(
        f"{spec.name}-scaler", metadata=metadata, spec=_autoscaler(spec, scaling, counted), opts=opts
    )


def cron(sale: Sale, replicas: int) -> dict[str, Any]:
    """KEDA's trigger that keeps so many pods from before a sale to its end; of several the highest counts."""
    times = {"timezone": "Etc/UTC", "start": schedule(sale.starts), "end": schedule(sale.ends)}
    return {"type": "cron", "metadata": times | {"desiredReplicas": str(replicas)}}


def requests_per_pod(spec: ServiceSpec, scaling: Scaling) -> int:
    """A part of the knee of one pod: at it, latency is already lost."""
    return max(1, spec.workload.requests_per_second * scaling.knee_percent // 100)


def _autoscaler(spec: ServiceSpec, scaling: Scaling, container: str) -> hpa.HorizontalPodAutoscalerSpecArgs:
    metrics = [
        _resource("cpu", scaling.cpu_percent, container),
        _resource("memory", scaling.memory_percent, container),
    ]
    if spec.workload.requests_per_second:
        target = hpa.MetricTargetArgs(type="AverageValue", average_value=str(requests_per_pod(spec, scaling)))
        metric = hpa.MetricIdentifierArgs(name=spec.requests.per_second)
        metrics.append(
            hpa.MetricSpecArgs(type="Pods", pods=hpa.PodsMetricSourceArgs(metric=metric, target=target))
        )
    metrics += [_lag(group) for group in spec.workload.consumes]
    return hpa.HorizontalPodAutoscalerSpecArgs(
        scale_target_ref=hpa.CrossVersionObjectReferenceArgs(
            api_version="apps/v1", kind="Deployment", name=spec.name
        ),
        min_replicas=scaling.min_replicas,
        max_replicas=scaling.max_replicas,
        metrics=metrics,
        behavior=hpa.HorizontalPodAutoscalerBehaviorArgs(
            scale_up=hpa.HPAScalingRulesArgs(
                stabilization_window_seconds=0,
                select_policy="Max",
                policies=[_policy("Percent", 100, 15), _policy("Pods", 8, 15)],
            ),
            scale_down=hpa.HPAScalingRulesArgs(
                stabilization_window_seconds=300, policies=[_policy("Percent", 10, 60)]
            ),
        ),
    )


def _resource(name: str, percent: int, container: str) -> hpa.MetricSpecArgs:
    target = hpa.MetricTargetArgs(type="Utilization", average_utilization=percent)
    if container:
        source = hpa.ContainerResourceMetricSourceArgs(container=container, name=name, target=target)
        return hpa.MetricSpecArgs(type="ContainerResource", container_resource=source)
    return hpa.MetricSpecArgs(
        type="Resource", resource=hpa.ResourceMetricSourceArgs(name=name, target=target)
    )


def _lag(group: str) -> hpa.MetricSpecArgs:
    selector = k8s.meta.v1.LabelSelectorArgs(match_labels={"group": group})
    return hpa.MetricSpecArgs(
        type="External",
        external=hpa.ExternalMetricSourceArgs(
            metric=hpa.MetricIdentifierArgs(name=LAG, selector=selector),
            target=hpa.MetricTargetArgs(type="AverageValue", average_value=LAG_PER_POD),
        ),
    )


def _policy(type_: str, value: int, period_seconds: int) -> hpa.HPAScalingPolicyArgs:
    return hpa.HPAScalingPolicyArgs(type=type_, value=value, period_seconds=period_seconds)


def _scaled_object(
    spec: ServiceSpec, scaling: Scaling, sales: Sequence[Sale], container: str
) -> Mapping[str, Any]:
    """The same by KEDA's names. https://keda.sh/docs/latest/reference/scaledobject-spec/"""
    of = {"containerName": container} if container else {}
    triggers: list[dict[str, Any]] = [
        {"type": name, "metricType": "Utilization", "metadata": {"value": str(percent), **of}}
        for name, percent in (("cpu", scaling.cpu_percent), ("memory", scaling.memory_percent))
    ]
    if spec.workload.requests_per_second:
        matchers = [f'{SERVICE_LABEL}="{spec.name}"', spec.requests.matchers]
        counted = _of_the_shop(spec.requests.metric, *filter(None, matchers))
        triggers.append(_prometheus(f"sum(rate({counted}[1m]))", str(requests_per_pod(spec, scaling))))
    for group in spec.workload.consumes:
        lag = _of_the_shop(LAG, f'group="{group}"')
        triggers.append(_prometheus(f"sum({lag})", LAG_PER_POD))
    own = spec.workload.name
    triggers += [cron(sale, sale.replicas[own]) for sale in sales if own in sale.replicas]
    up = [_rule("Percent", 100, 15), _rule("Pods", 8, 15)]
    behavior = {
        "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": up},
        "scaleDown": {"stabilizationWindowSeconds": 300, "policies": [_rule("Percent", 10, 60)]},
    }
    return {
        "scaleTargetRef": {"name": spec.name},
        "minReplicaCount": scaling.min_replicas,
        "maxReplicaCount": scaling.max_replicas,
        "pollingInterval": 15,
        "advanced": {"horizontalPodAutoscalerConfig": {"name": spec.name, "behavior": behavior}},
        "triggers": triggers,
    }


def _of_the_shop(metric: str, *matchers: str) -> str:
    inside = ",".join(['namespace="shop"', *matchers])
    return f"{metric}{{{inside}}}"


def _prometheus(query: str, threshold: str) -> dict[str, Any]:
    """No answer is a failure and not 0: while nobody counts, an autoscaler takes no pod away."""
    asked = {"serverAddress": PROMETHEUS, "query": query, "threshold": threshold, "ignoreNullValues": "false"}
    return {"type": "prometheus", "metricType": "AverageValue", "metadata": asked}


def _rule(type_: str, value: int, period_seconds: int) -> dict[str, Any]:
    return {"type": type_, "value": value, "periodSeconds": period_seconds}
