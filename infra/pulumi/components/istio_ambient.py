"""Istio without sidecars: https://istio.io/latest/docs/ambient/"""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.mesh import Caller, Membership, Rules
from components.release import release
from components.size import size
from versions import ISTIO_CHARTS

NAMESPACE = "istio-system"
TRUST_DOMAIN = "cluster.local"
AMBIENT = {"istio.io/dataplane-mode": "ambient"}
# Between pods of an ambient mesh: https://istio.io/latest/docs/ambient/usage/networkpolicy/
HBONE_PORT = 15_008
MONITORING = "monitoring"
SIZES = {"istiod": size(200, 512), "cni": size(50, 128), "ztunnel": size(200, 256)}


class IstioAmbient(pulumi.ComponentResource):
    """A proxy on each node carries mTLS for the pods there; pods restart for nothing, and hold no proxy."""

    membership = Membership(labels=AMBIENT, proxy_ports=(HBONE_PORT,))

    def __init__(self, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("seawall:platform:IstioAmbient", "mesh", None, opts)
        # The node agents need more than pods may have elsewhere.
        namespace = k8s.core.v1.Namespace(
            NAMESPACE,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=NAMESPACE, labels={"pod-security.kubernetes.io/enforce": "privileged"}
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        name = namespace.metadata["name"]
        before: list[pulumi.Resource] = [namespace]
        for chart in ISTIO_CHARTS:
            before = [
                release(
                    chart,
                    namespace=name,
                    values=_values(chart.name),
                    opts=pulumi.ResourceOptions(parent=self, depends_on=before),
                )
            ]
        self._child = pulumi.ResourceOptions(parent=self, depends_on=before)
        self.before_pods: Sequence[pulumi.Resource] = [self]
        self.register_outputs({})

    def pod_annotations(self, *, outside: Sequence[int], open_ports: Sequence[int]) -> Mapping[str, str]:
        """None: what is outside is passed on as it is, with the address of who sent it."""
        return {}

    def protect(self, namespace: pulumi.Input[str], rules: Sequence[Rules]) -> None:
        """Strict mTLS in the namespace, and a list of callers for each service."""
        self._resource("strict", "PeerAuthentication", namespace, {"mtls": {"mode": "STRICT"}})
        # What matches no policy is refused: the empty rule of the namespace.
        self._resource("nobody", "AuthorizationPolicy", namespace, {})
        for each in rules:
            self._resource(each.service, "AuthorizationPolicy", namespace, _allowed(each))
            if each.open_ports:
                plain = {str(port): {"mode": "PERMISSIVE"} for port in each.open_ports}
                wanted = {"selector": _selector(each), "mtls": {"mode": "STRICT"}, "portLevelMtls": plain}
                self._resource(each.service, "PeerAuthentication", namespace, wanted)

    def _resource(self, name: str, kind: str, namespace: pulumi.Input[str], spec: dict[str, Any]) -> None:
        k8s.apiextensions.CustomResource(
            f"{name}-{kind}",
            api_version="security.istio.io/v1",
            kind=kind,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=name, namespace=namespace),
            spec=spec,
            opts=self._child,
        )


def _allowed(rules: Rules) -> dict[str, Any]:
    allowed = [_rule(rules.ports, [_principal(caller) for caller in rules.callers])] if rules.callers else []
    allowed.append(_rule((rules.scraped_port,), [f"{TRUST_DOMAIN}/ns/{MONITORING}/*"]))
    if rules.open_ports:
        allowed.append(_rule(rules.open_ports, []))
    return {"selector": _selector(rules), "action": "ALLOW", "rules": allowed}


def _rule(ports: Sequence[int], principals: Sequence[str]) -> dict[str, Any]:
    to = [{"operation": {"ports": [str(port) for port in ports]}}]
    return {"to": to, **({"from": [{"source": {"principals": list(principals)}}]} if principals else {})}


def _principal(caller: Caller) -> str:
    return f"{TRUST_DOMAIN}/ns/{caller.namespace}/sa/{caller.account}"


def _selector(rules: Rules) -> dict[str, Any]:
    return {"matchLabels": rules.pod_labels}


def _values(chart: str) -> dict[str, Any]:
    if chart == "base":
        return {}
    replicas = {"autoscaleMin": 2} if chart == "istiod" else {}
    return {"profile": "ambient", "resources": SIZES[chart], **replicas}
