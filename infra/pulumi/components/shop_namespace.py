"""The namespace of the shop's own pods."""

import pulumi
import pulumi_kubernetes as k8s

from components.mesh import Membership

SHOP = "shop"
# Pod Security Standards: https://kubernetes.io/docs/concepts/security/pod-security-standards/
RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
}


class ShopNamespace(pulumi.ComponentResource):
    """The namespace `shop`: restricted pods, and nothing in or out unless a policy allows it."""

    name: pulumi.Output[str]

    def __init__(self, membership: Membership, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("seawall:platform:ShopNamespace", SHOP, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = k8s.core.v1.Namespace(
            SHOP,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=SHOP,
                labels={**RESTRICTED, **membership.labels},
                annotations={**membership.annotations, **membership.guarded} or None,
            ),
            opts=child,
        )
        self.name = namespace.metadata["name"]
        k8s.networking.v1.NetworkPolicy(
            "default-deny",
            metadata=k8s.meta.v1.ObjectMetaArgs(name="default-deny", namespace=self.name),
            spec=k8s.networking.v1.NetworkPolicySpecArgs(
                pod_selector=k8s.meta.v1.LabelSelectorArgs(), policy_types=["Ingress", "Egress"]
            ),
            opts=child,
        )
        self.register_outputs({"name": self.name})
