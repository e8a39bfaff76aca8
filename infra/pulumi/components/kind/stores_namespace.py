"""The namespace of the stores that run in the cluster."""

import pulumi
import pulumi_kubernetes as k8s

from components import peers
from components.metrics import MONITORING
from components.shop_namespace import SHOP

STORES = "stores"


class StoresNamespace(pulumi.ComponentResource):
    """The namespace `stores`, which operators and the shop's pods reach, each at its ports alone."""

    name: pulumi.Output[str]

    def __init__(self, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("seawall:kind:StoresNamespace", STORES, None, opts)
        namespace = k8s.core.v1.Namespace(
            STORES,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=STORES),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name = namespace.metadata["name"]
        self.register_outputs({"name": self.name})


def let_the_shop_in(
    name: str,
    namespace: pulumi.Input[str],
    pod_labels: dict[str, str],
    port: int,
    metrics_port: int,
    opts: pulumi.ResourceOptions,
) -> k8s.networking.v1.NetworkPolicy:
    """Pods of a store are reached from within their namespace, and by the shop and by Prometheus at one port each."""
    net, meta = k8s.networking.v1, k8s.meta.v1
    return net.NetworkPolicy(
        name,
        metadata=meta.ObjectMetaArgs(name=name, namespace=namespace),
        spec=net.NetworkPolicySpecArgs(
            pod_selector=meta.LabelSelectorArgs(match_labels=pod_labels),
            policy_types=["Ingress"],
            ingress=[
                net.NetworkPolicyIngressRuleArgs(from_=[peers.pods()]),
                net.NetworkPolicyIngressRuleArgs(from_=[peers.all_of(SHOP)], ports=[peers.port(port)]),
                net.NetworkPolicyIngressRuleArgs(
                    from_=[peers.all_of(MONITORING)], ports=[peers.port(metrics_port)]
                ),
            ],
        ),
        opts=opts,
    )
