"""Who reaches a service, and whom it may reach."""

import pulumi
import pulumi_kubernetes as k8s

from components.access import Destination
from components.microservice.spec import NAME, ServiceSpec, labels, selector
from components.peers import all_of, named, pods, port, to_dns

core, meta, net = k8s.core.v1, k8s.meta.v1, k8s.networking.v1
MONITORING = "monitoring"
# Between pods of an ambient mesh: https://istio.io/latest/docs/ambient/usage/networkpolicy/
HBONE_PORT = 15_008


def headless_service(spec: ServiceSpec) -> core.ServiceSpecArgs:
    """A name for all ready pods: callers spread their calls themselves."""
    return core.ServiceSpecArgs(
        cluster_ip="None",
        selector=selector(spec.name),
        ports=[
            core.ServicePortArgs(name=name, port=port, target_port=name) for name, port in spec.ports.items()
        ],
    )


def policy(spec: ServiceSpec) -> net.NetworkPolicySpecArgs:
    """In: its callers and the metrics' scraper. Out: DNS, its stores, and those that it calls."""
    ports = [*spec.ports.values(), HBONE_PORT]
    callers = [pods({NAME: caller}) for caller in spec.callers]
    ingress = [_ingress([all_of(MONITORING)], [spec.ports["http"], HBONE_PORT])]
    if callers:
        ingress.append(_ingress(callers, ports))
    if spec.open_ports:
        anybody = [net.NetworkPolicyPeerArgs(ip_block=net.IPBlockArgs(cidr="0.0.0.0/0"))]
        ingress.append(_ingress(anybody, list(spec.open_ports)))
    return net.NetworkPolicySpecArgs(
        pod_selector=meta.LabelSelectorArgs(match_labels={NAME: spec.name}),
        policy_types=["Ingress", "Egress"],
        ingress=ingress,
        egress=[to_dns(), *(_egress(each) for each in (*spec.access.destinations, *spec.destinations))],
    )


def to_service(called: str, *ports: int) -> Destination:
    """The pods of another service of the shop."""
    return Destination(ports=(*ports, HBONE_PORT), pod_labels={NAME: called})


def _ingress(peers: list[net.NetworkPolicyPeerArgs], ports: list[int]) -> net.NetworkPolicyIngressRuleArgs:
    return net.NetworkPolicyIngressRuleArgs(from_=peers, ports=[port(each) for each in ports])


def _egress(there: Destination) -> net.NetworkPolicyEgressRuleArgs:
    if there.cidr is not None:
        peer = net.NetworkPolicyPeerArgs(ip_block=net.IPBlockArgs(cidr=there.cidr))
    else:
        peer = net.NetworkPolicyPeerArgs(
            namespace_selector=named(there.namespace) if there.namespace else None,
            pod_selector=meta.LabelSelectorArgs(match_labels=dict(there.pod_labels)),
        )
    return net.NetworkPolicyEgressRuleArgs(to=[peer], ports=[port(each) for each in there.ports])


def metadata(spec: ServiceSpec, namespace: pulumi.Input[str], name: str | None = None) -> meta.ObjectMetaArgs:
    """Of everything that belongs to a service."""
    return meta.ObjectMetaArgs(name=name or spec.name, namespace=namespace, labels=labels(spec.name))
