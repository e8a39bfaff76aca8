"""Where logs are kept, and where their shipper runs: two namespaces, for it needs more rights."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from components.mesh import Membership
from components.peers import all_of, pods, port, to_control_plane, to_dns

LOGS, SHIPPERS, OPERATORS = "logs", "log-shippers", "elastic-system"
LOGSTASH_PORT, ELASTICSEARCH_PORT = 5044, 9200
# https://kubernetes.io/docs/concepts/security/pod-security-standards/
BASELINE = {"pod-security.kubernetes.io/enforce": "baseline"}
# A shipper reads files of the node, as root: no other pod is to run beside it.
PRIVILEGED = {"pod-security.kubernetes.io/enforce": "privileged"}

net, meta = k8s.networking.v1, k8s.meta.v1


def namespace(
    name: str,
    labels: Mapping[str, str],
    opts: pulumi.ResourceOptions,
    membership: Membership = Membership(),  # noqa: B008 - it does not change
) -> pulumi.Output[str]:
    """Its name, once it is there."""
    made = k8s.core.v1.Namespace(
        name,
        metadata=meta.ObjectMetaArgs(
            name=name, labels={**labels, **membership.labels}, annotations=membership.annotations or None
        ),
        opts=opts,
    )
    return made.metadata["name"]


def keep_others_out(where: pulumi.Input[str], membership: Membership, opts: pulumi.ResourceOptions) -> None:
    """In: one another, the operator to Elasticsearch, the shippers to Logstash. Out: one another, and DNS."""
    own = pods()
    # The shippers are in the mesh, the operator is not.
    beats = [port(each) for each in (LOGSTASH_PORT, *membership.proxy_ports)]
    net.NetworkPolicy(
        LOGS,
        metadata=meta.ObjectMetaArgs(name=LOGS, namespace=where),
        spec=net.NetworkPolicySpecArgs(
            pod_selector=meta.LabelSelectorArgs(),
            policy_types=["Ingress", "Egress"],
            ingress=[
                net.NetworkPolicyIngressRuleArgs(from_=[own]),
                net.NetworkPolicyIngressRuleArgs(from_=[all_of(OPERATORS)], ports=[port(ELASTICSEARCH_PORT)]),
                net.NetworkPolicyIngressRuleArgs(from_=[all_of(SHIPPERS)], ports=beats),
            ],
            egress=[
                net.NetworkPolicyEgressRuleArgs(to=[own]),
                to_dns(),
                *to_control_plane(membership),
            ],
        ),
        opts=opts,
    )
