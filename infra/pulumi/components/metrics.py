"""What measures the shop: Prometheus and Grafana, and the figures that autoscalers go by."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.dashboards import FOLDER_ANNOTATION, LABEL, LABEL_VALUE
from components.mesh import Membership
from components.microservice.scaling import LAG
from components.microservice.spec import ENVOYS_REQUESTS, OWN_REQUESTS, Counter
from components.release import release
from components.size import size
from components.watching.receivers import SECRET, alertmanager
from settings import Receiver, Scaling
from versions import KEDA, KUBE_PROMETHEUS_STACK, METRICS_SERVER, PROMETHEUS_ADAPTER

MONITORING, WRITER = "monitoring", "prometheus"
PROMETHEUS = f"http://prometheus-operated.{MONITORING}.svc"
# Of a gibibyte; and the log of what is not yet in a block is beside what the bound counts.
MIB, FULL_PERCENT = 1024, 85
_DASHBOARDS = {
    "enabled": True,
    "label": LABEL,
    "labelValue": LABEL_VALUE,
    "folderAnnotation": FOLDER_ANNOTATION,
    "provider": {"foldersFromFilesStructure": True},
}


class Metrics(pulumi.ComponentResource):
    """kube-prometheus-stack, which scrapes every PodMonitor, and KEDA or prometheus-adapter by the switch.

    Prometheus keeps its data on a disk of the default class for 15 days, or while 85 % of the disk hold it.
    `remote_write` names another place that keeps what is scraped. `alerts` says whom they reach, by a Secret,
    `alert-receiver`, which the platform makes; Alertmanager waits for it.
    """

    namespace: pulumi.Output[str]

    def __init__(
        self,
        scaling: Scaling,
        membership: Membership,
        *,
        storage_gib: int,
        remote_write: Mapping[str, Any] | None = None,
        alerts: Receiver = "none",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:platform:Metrics", MONITORING, None, opts)
        namespace = k8s.core.v1.Namespace(
            MONITORING,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=MONITORING, labels=membership.labels, annotations=membership.annotations or None
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        name = namespace.metadata["name"]
        child = pulumi.ResourceOptions(parent=self)
        values = {**_prometheus(storage_gib, remote_write), "alertmanager": _alertmanager(alerts)}
        stack = release(KUBE_PROMETHEUS_STACK, namespace=name, values=values, opts=child)
        release(METRICS_SERVER, namespace=name, values={"resources": size(100, 128)}, opts=child)
        after = pulumi.ResourceOptions(parent=self, depends_on=[stack])
        if scaling.pods == "keda":
            release(KEDA, namespace=name, values=_keda(), opts=after)
        else:
            release(PROMETHEUS_ADAPTER, namespace=name, values=_adapter(), opts=after)
        self.namespace = name
        self.register_outputs({"namespace": name})


def _prometheus(storage_gib: int, remote_write: Mapping[str, Any] | None) -> dict[str, Any]:
    # Pods are found by their monitors, whichever release made these.
    everywhere = {
        f"{kind}SelectorNilUsesHelmValues": False for kind in ("podMonitor", "serviceMonitor", "rule")
    }
    return {
        "prometheus": {
            "serviceAccount": {"create": True, "name": WRITER},
            "prometheusSpec": {
                **everywhere,
                "retention": "15d",
                "retentionSize": f"{storage_gib * MIB * FULL_PERCENT // 100}MiB",
                "storageSpec": _disk(storage_gib),
                "enableFeatures": ["exemplar-storage"],
                "resources": size(500, 2048),
                **({"remoteWrite": [remote_write]} if remote_write else {}),
            },
        },
        "grafana": {"resources": size(100, 256), "sidecar": {"dashboards": _DASHBOARDS}},
        "prometheusOperator": {"resources": size(100, 256)},
        "kube-state-metrics": {"resources": size(50, 128)},
        "prometheus-node-exporter": {"resources": size(50, 64)},
    }


def _disk(gib: int) -> dict[str, Any]:
    """Without one the data would be lost with the pod."""
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": f"{gib}Gi"}}}
    return {"volumeClaimTemplate": {"spec": claim}}


def _alertmanager(alerts: Receiver) -> dict[str, Any]:
    mounted = {} if alerts == "none" else {"secrets": [SECRET]}
    return {"config": alertmanager(alerts), "alertmanagerSpec": {"resources": size(50, 128), **mounted}}


def _keda() -> dict[str, Any]:
    return {
        "resources": {
            "operator": size(100, 256),
            "metricServer": size(100, 256),
            "webhooks": size(50, 64),
        }
    }


def _adapter() -> dict[str, Any]:
    """Requests per second of each pod, and the lag of consumer groups, as the HPAs ask for them."""
    requests = [_rate_of(counter) for counter in (OWN_REQUESTS, ENVOYS_REQUESTS)]
    lag = {
        "seriesQuery": f'{LAG}{{namespace!="",group!=""}}',
        "resources": {"overrides": {"namespace": {"resource": "namespace"}}},
        "metricsQuery": "sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)",
    }
    return {
        "prometheus": {"url": PROMETHEUS, "port": 9090},
        "rules": {"default": False, "custom": requests, "external": [lag]},
        "resources": size(100, 256),
    }


def _rate_of(counter: Counter) -> dict[str, Any]:
    found = ",".join(filter(None, ['namespace!=""', 'pod!=""', counter.matchers]))
    counted = ",".join(filter(None, ["<<.LabelMatchers>>", counter.matchers]))
    return {
        "seriesQuery": f"{counter.metric}{{{found}}}",
        "resources": {"overrides": {"namespace": {"resource": "namespace"}, "pod": {"resource": "pod"}}},
        "name": {"matches": f"^{counter.metric}$", "as": counter.per_second},
        "metricsQuery": f"sum(rate(<<.Series>>{{{counted}}}[1m])) by (<<.GroupBy>>)",
    }
