"""Where logs are kept, and where their shipper runs: two namespaces, for it needs more rights."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

LOGS, SHIPPERS, OPERATORS = "logs", "log-shippers", "elastic-system"
LOGSTASH_PORT, ELASTICSEARCH_PORT = 5044, 9200
NAMESPACE_NAME = "kubernetes.io/metadata.name"
# https://kubernetes.io/docs/concepts/security/pod-security-standards/
BASELINE = {"pod-security.kubernetes.io/enforce": "baseline"}
# A shipper reads files of the node, as root: no other pod is to run beside it.
PRIVILEGED = {"pod-security.kubernetes.io/enforce": "privileged"}

net, meta = k8s.networking.v1, k8s.meta.v1


def namespace(name: str, labels: Mapping[str, str], opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Its name, once it is there."""
    made = k8s.core.v1.Namespace(
        name, metadata=meta.ObjectMetaArgs(name=name, labels=dict(labels)), opts=opts
    )
    return made.metadata["name"]


def keep_others_out(where: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
    """In: one another, the operator to Elasticsearch, the shippers to Logstash. Out: one another, and DNS."""
    own = net.NetworkPolicyPeerArgs(pod_selector=meta.LabelSelectorArgs())
    dns = [net.NetworkPolicyPortArgs(protocol=protocol, port=53) for protocol in ("UDP", "TCP")]
    net.NetworkPolicy(
        LOGS,
        metadata=meta.ObjectMetaArgs(name=LOGS, namespace=where),
        spec=net.NetworkPolicySpecArgs(
            pod_selector=meta.LabelSelectorArgs(),
            policy_types=["Ingress", "Egress"],
            ingress=[
                net.NetworkPolicyIngressRuleArgs(from_=[own]),
                net.NetworkPolicyIngressRuleArgs(from_=[_of(OPERATORS)], ports=[_port(ELASTICSEARCH_PORT)]),
                net.NetworkPolicyIngressRuleArgs(from_=[_of(SHIPPERS)], ports=[_port(LOGSTASH_PORT)]),
            ],
            egress=[
                net.NetworkPolicyEgressRuleArgs(to=[own]),
                net.NetworkPolicyEgressRuleArgs(to=[_of("kube-system")], ports=dns),
            ],
        ),
        opts=opts,
    )


def _of(name: str) -> net.NetworkPolicyPeerArgs:
    return net.NetworkPolicyPeerArgs(
        namespace_selector=meta.LabelSelectorArgs(match_labels={NAMESPACE_NAME: name})
    )


def _port(number: int) -> net.NetworkPolicyPortArgs:
    return net.NetworkPolicyPortArgs(protocol="TCP", port=number)
