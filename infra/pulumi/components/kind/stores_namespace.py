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
    opts: pulumi.ResourceOptions,
    *,
    metrics_port: int | None = None,
) -> k8s.networking.v1.NetworkPolicy:
    """Pods of a store are reached from their namespace, by the shop and by Prometheus at a port each."""
    net, meta = k8s.networking.v1, k8s.meta.v1
    reached = [(SHOP, port), *([(MONITORING, metrics_port)] if metrics_port else [])]
    return net.NetworkPolicy(
        name,
        metadata=meta.ObjectMetaArgs(name=name, namespace=namespace),
        spec=net.NetworkPolicySpecArgs(
            pod_selector=meta.LabelSelectorArgs(match_labels=pod_labels),
            policy_types=["Ingress"],
            ingress=[
                net.NetworkPolicyIngressRuleArgs(from_=[peers.pods()]),
                *(
                    net.NetworkPolicyIngressRuleArgs(from_=[peers.all_of(who)], ports=[peers.port(at)])
                    for who, at in reached
                ),
            ],
        ),
        opts=opts,
    )
