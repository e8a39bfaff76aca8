"""Who may be talked to, as policies of the network say it."""

from collections.abc import Mapping

import pulumi_kubernetes as k8s

meta, net = k8s.meta.v1, k8s.networking.v1
NAMESPACE_NAME = "kubernetes.io/metadata.name"


def named(namespace: str) -> meta.LabelSelectorArgs:
    """The namespace of that name."""
    return meta.LabelSelectorArgs(match_labels={NAMESPACE_NAME: namespace})


def all_of(namespace: str) -> net.NetworkPolicyPeerArgs:
    """Every pod of a namespace."""
    return net.NetworkPolicyPeerArgs(namespace_selector=named(namespace))


def pods(labels: Mapping[str, str] | None = None) -> net.NetworkPolicyPeerArgs:
    """Those of the policy's own namespace that have the labels; without labels, all of them."""
    selector = meta.LabelSelectorArgs(match_labels=dict(labels)) if labels else meta.LabelSelectorArgs()
    return net.NetworkPolicyPeerArgs(pod_selector=selector)


def port(number: int, protocol: str = "TCP") -> net.NetworkPolicyPortArgs:
    """One port."""
    return net.NetworkPolicyPortArgs(protocol=protocol, port=number)


def to_dns() -> net.NetworkPolicyEgressRuleArgs:
    """Names are looked up in kube-system, over UDP or TCP."""
    return net.NetworkPolicyEgressRuleArgs(to=[all_of("kube-system")], ports=[port(53, "UDP"), port(53)])
