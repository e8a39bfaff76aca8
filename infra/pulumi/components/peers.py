"""Who may be talked to, as policies of the network say it."""

from collections.abc import Mapping

import pulumi_kubernetes as k8s

from components.access import Destination
from components.mesh import Membership

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


def to(there: Destination) -> net.NetworkPolicyEgressRuleArgs:
    """Pods of a namespace, or of the policy's own, or a range of addresses."""
    if there.cidr is not None:
        peer = net.NetworkPolicyPeerArgs(ip_block=net.IPBlockArgs(cidr=there.cidr))
    else:
        peer = net.NetworkPolicyPeerArgs(
            namespace_selector=named(there.namespace) if there.namespace else None,
            pod_selector=meta.LabelSelectorArgs(match_labels=dict(there.pod_labels)),
        )
    return net.NetworkPolicyEgressRuleArgs(to=[peer], ports=[port(each) for each in there.ports])


def to_control_plane(membership: Membership) -> list[net.NetworkPolicyEgressRuleArgs]:
    """Whence a proxy has its certificate, and knows whom to reach and to refuse."""
    return [to(each) for each in membership.control_plane]
