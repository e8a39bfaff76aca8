"""Linkerd: a small proxy in each pod. https://linkerd.io/2-edge/overview/"""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.cert_manager import CertManager
from components.linkerd.addresses import CUSTOMERS
from components.linkerd.certificates import LinkerdCertificates
from components.linkerd.names import (
    CNI_NAMESPACE,
    CONTROL_PLANE,
    INJECT,
    MEMBERSHIP,
    NAMESPACE,
    SKIP_OUTBOUND,
    SKIP_SUBNETS,
    WEBHOOKS,
)
from components.linkerd.policy import Wanted, of_service, shared
from components.linkerd.values import cni, control_plane
from components.mesh import Rules
from components.release import release
from versions import LINKERD, LINKERD_CNI, LINKERD_CRDS

APART = {WEBHOOKS: "disabled"}
ENFORCE = "pod-security.kubernetes.io/enforce"


class Linkerd(pulumi.ComponentResource):
    """A proxy in each pod carries mTLS for it; its certificate is good for a day, and all are renewed.

    A pod has its proxy from its start on: one that was there before the mesh is not in it.
    """

    membership = MEMBERSHIP

    def __init__(self, cert_manager: CertManager, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("seawall:platform:Linkerd", "mesh", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        own = self._namespace(NAMESPACE, {**CONTROL_PLANE, ENFORCE: "baseline"})
        # The plugin writes to folders of the node.
        nodes = self._namespace(CNI_NAMESPACE, {"linkerd.io/cni-resource": "true", ENFORCE: "privileged"})
        # Its controllers watch routes of the Gateway API, though there are none here.
        definitions = release(LINKERD_CRDS, namespace=own, values={"installGatewayAPI": True}, opts=child)
        before = [
            definitions,
            release(LINKERD_CNI, namespace=nodes, values=cni(), opts=child),
            LinkerdCertificates(cert_manager, own, opts=child),
        ]
        controllers = release(
            LINKERD,
            namespace=own,
            values=control_plane(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=before),
        )
        self._child = pulumi.ResourceOptions(parent=self, depends_on=[controllers])
        self.before_pods: Sequence[pulumi.Resource] = [self]
        self.register_outputs({})

    def pod_annotations(self, *, outside: Sequence[int], open_ports: Sequence[int]) -> Mapping[str, str]:
        """What leaves the mesh goes past the proxy, and so do customers: their addresses reach the pod.

        A proxy would wait for stores whose protocols let the server speak first, and hide who connects.
        """
        past = {SKIP_OUTBOUND: ",".join(map(str, outside))} if outside else {}
        return {**past, **({SKIP_SUBNETS: ",".join(CUSTOMERS)} if open_ports else {})}

    def protect(self, namespace: pulumi.Input[str], rules: Sequence[Rules]) -> None:
        """A list of callers for each port; what no Server names is refused by the namespace's annotation."""
        for each in (*shared(rules), *(wanted for of in rules for wanted in of_service(of))):
            self._resource(each, namespace)

    def _resource(self, wanted: Wanted, namespace: pulumi.Input[str]) -> None:
        k8s.apiextensions.CustomResource(
            f"{wanted.name}-{wanted.kind}",
            api_version=wanted.api_version,
            kind=wanted.kind,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=wanted.name, namespace=namespace),
            spec=wanted.spec,
            opts=self._child,
        )

    def _namespace(self, name: str, labels: Mapping[str, str]) -> pulumi.Output[str]:
        made = k8s.core.v1.Namespace(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=name, labels={**labels, **APART}, annotations={INJECT: "disabled"}
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return made.metadata["name"]
