"""Where logs are kept, and where their shipper runs: two namespaces, for it needs more rights."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from components.peers import all_of, pods, port, to_dns

LOGS, SHIPPERS, OPERATORS = "logs", "log-shippers", "elastic-system"
LOGSTASH_PORT, ELASTICSEARCH_PORT = 5044, 9200
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
    own = pods()
    net.NetworkPolicy(
        LOGS,
        metadata=meta.ObjectMetaArgs(name=LOGS, namespace=where),
        spec=net.NetworkPolicySpecArgs(
            pod_selector=meta.LabelSelectorArgs(),
            policy_types=["Ingress", "Egress"],
            ingress=[
                net.NetworkPolicyIngressRuleArgs(from_=[own]),
                net.NetworkPolicyIngressRuleArgs(from_=[all_of(OPERATORS)], ports=[port(ELASTICSEARCH_PORT)]),
                net.NetworkPolicyIngressRuleArgs(from_=[all_of(SHIPPERS)], ports=[port(LOGSTASH_PORT)]),
            ],
            egress=[
                net.NetworkPolicyEgressRuleArgs(to=[own]),
                to_dns(),
            ],
        ),
        opts=opts,
    )
