"""The namespace of what holds room free, and raises floors before a sale."""

import pulumi
import pulumi_kubernetes as k8s

from components.shop_namespace import RESTRICTED

CAPACITY = "capacity"


class CapacityNamespace(pulumi.ComponentResource):
    """Restricted pods, which nobody reaches."""

    name: pulumi.Output[str]

    def __init__(self, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("seawall:platform:CapacityNamespace", CAPACITY, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = k8s.core.v1.Namespace(
            CAPACITY, metadata=k8s.meta.v1.ObjectMetaArgs(name=CAPACITY, labels=RESTRICTED), opts=child
        )
        self.name = namespace.metadata["name"]
        k8s.networking.v1.NetworkPolicy(
            f"{CAPACITY}-deny",
            metadata=k8s.meta.v1.ObjectMetaArgs(name="deny", namespace=self.name),
            spec=k8s.networking.v1.NetworkPolicySpecArgs(
                pod_selector=k8s.meta.v1.LabelSelectorArgs(), policy_types=["Ingress"]
            ),
            opts=child,
        )
        self.register_outputs({"name": self.name})
