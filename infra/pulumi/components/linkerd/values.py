"""The values of Linkerd's charts: highly available, certificates from outside, proxies as native sidecars."""

from typing import Any

from components.linkerd.names import NAMESPACE, PROXY_MIB, PROXY_MILLIS, WEBHOOKS

# Each webhook's key in the chart, and the Service that the API server calls.
HOOKS = {
    "proxyInjector": "linkerd-proxy-injector",
    "profileValidator": "linkerd-sp-validator",
    "policyValidator": "linkerd-policy-validator",
}
CONTROLLERS = (
    "destinationResources",
    "identityResources",
    "proxyInjectorResources",
    "spValidatorResources",
)


def certificate_of(service: str) -> str:
    """The Secret in which the chart expects a webhook's certificate."""
    return f"{service}-k8s-tls"


def control_plane() -> dict[str, Any]:
    """Two of each. A pod that the injector cannot be asked about does not start, for it would be open."""
    hooks = {key: _hook(service) for key, service in HOOKS.items()}
    injector = hooks["proxyInjector"] | {
        "namespaceSelector": {
            "matchExpressions": [{"key": WEBHOOKS, "operator": "In", "values": ["enabled"]}]
        }
    }
    return {
        "cniEnabled": True,
        "identity": {"externalCA": True, "issuer": {"scheme": "kubernetes.io/tls"}},
        "controllerReplicas": 2,
        "enablePodAntiAffinity": True,
        "enablePodDisruptionBudget": True,
        "deploymentStrategy": {"rollingUpdate": {"maxUnavailable": 1, "maxSurge": "25%"}},
        "priorityClassName": "system-cluster-critical",
        "webhookFailurePolicy": "Fail",
        # It would tell Linkerd's project of the cluster each day.
        "disableHeartBeat": True,
        # Jobs end, and a proxy is there before its pod's container and goes after it.
        "proxy": {"nativeSidecar": True, "resources": _size(PROXY_MILLIS, PROXY_MIB)},
        "policyController": {"resources": _size(100, 128)},
        **{key: _size(100, 256) for key in CONTROLLERS},
        **hooks,
        "proxyInjector": injector,
    }


def cni() -> dict[str, Any]:
    """Leads a pod's connections to its proxy from the node: no pod needs the right to do so itself.

    A pod that started on a new node before the plugin was there is started anew.
    """
    return {
        "priorityClassName": "system-node-critical",
        "resources": _size(20, 64),
        "repairController": {"enabled": True, "resources": _size(20, 64)},
    }


def _hook(service: str) -> dict[str, Any]:
    return {"externalSecret": True, "injectCaFrom": f"{NAMESPACE}/{certificate_of(service)}"}


def _size(cpu_millis: int, memory_mib: int) -> dict[str, Any]:
    """As `size`, in the words of these charts."""
    memory = f"{memory_mib}Mi"
    return {"cpu": {"request": f"{cpu_millis}m"}, "memory": {"request": memory, "limit": memory}}
