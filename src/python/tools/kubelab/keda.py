"""KEDA and what it asks: a Prometheus that scrapes what it is told to.

Pods are simulated and serve nothing. Who simulates them serves what they would have counted, and names the
address in a file, `prometheus/targets/*.json` of the lab's folder (file_sd_configs of Prometheus).
"""

from importlib import resources

from tools.kubelab.component import Component
from tools.kubelab.site import Flags, Site

PORTS = ("prometheus", "keda-operator", "keda-figures", "keda-adapter", "keda-adapter-metrics")
GROUP, ADAPTER = "external.metrics.k8s.io", "keda-adapter"


def keda(site: Site) -> list[tuple[Component, tuple[str, ...]]]:
    """Each program, and whom it needs."""
    return [
        (_prometheus(site), ()),
        (_operator(site), ("kube-apiserver",)),
        (_adapter(site), ("keda-operator",)),
    ]


def _prometheus(site: Site) -> Component:
    configuration = resources.files("tools.kubelab") / "manifests" / "prometheus.yaml"
    flags = {
        "config.file": "prometheus.yaml",
        "storage.tsdb.path": "data",
        "web.listen-address": site.at("prometheus"),
    }
    files = {"prometheus.yaml": configuration.read_bytes()}
    return site.component("prometheus", flags, health="/-/ready", tls=False, files=files)


def _operator(site: Site) -> Component:
    """It finds scaled objects, keeps their autoscalers, and tells the adapter figures."""
    flags: Flags = {
        "health-probe-bind-address": site.at("keda-operator"),
        "metrics-service-bind-address": site.at("keda-figures"),
        "enable-prometheus-metrics": False,
        "cert-dir": ".",
    }
    return site.component(
        "keda-operator",
        flags,
        tls=False,
        environment=_environment(site, "keda-operator"),
        files=_certificates(site, "keda-operator"),
    )


def _adapter(site: Site) -> Component:
    """It serves the figures to autoscalers."""
    flags: Flags = {
        **site.aggregated(ADAPTER),
        "lister-kubeconfig": site.administrator(ADAPTER),
        "metrics-service-address": site.at("keda-figures"),
        "port": str(site.ports["keda-adapter-metrics"]),
        "cert-dir": ".",
    }
    return site.component(
        ADAPTER,
        flags,
        health="/readyz",
        environment=_environment(site, ADAPTER),
        files=_certificates(site, f"{ADAPTER}-figures"),
    )


def _environment(site: Site, name: str) -> dict[str, str]:
    """An empty WATCH_NAMESPACE is all of them."""
    own = dict.fromkeys(("POD_NAMESPACE", "KEDA_CLUSTER_OBJECT_NAMESPACE"), "kube-system")
    return {"KUBECONFIG": site.administrator(name), "WATCH_NAMESPACE": "", **own}


def _certificates(site: Site, name: str) -> dict[str, bytes]:
    """As its chart mounts them: the two talk to each other by mutual TLS."""
    pair = site.credentials.issue(name)
    files = {"tls.crt": pair.certificate, "tls.key": pair.key, "ca.crt": site.credentials.authority}
    return {name: file.read_bytes() for name, file in files.items()}
