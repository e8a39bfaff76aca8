"""Who reaches a service, and whom it may reach."""

from dataclasses import replace

import pulumi
import pulumi_kubernetes as k8s

from components.access import Destination
from components.mesh import Membership
from components.microservice.spec import NAME, ServiceSpec, labels, selector
from components.peers import all_of, pods, port, to, to_control_plane, to_dns

core, meta, net = k8s.core.v1, k8s.meta.v1, k8s.networking.v1
MONITORING = "monitoring"


def headless_service(spec: ServiceSpec) -> core.ServiceSpecArgs:
    """A name for all ready pods: callers spread their calls themselves."""
    return core.ServiceSpecArgs(
        cluster_ip="None",
        selector=selector(spec.name),
        ports=[
            core.ServicePortArgs(name=name, port=port, target_port=name) for name, port in spec.ports.items()
        ],
    )


def policy(spec: ServiceSpec, membership: Membership) -> net.NetworkPolicySpecArgs:
    """In: its callers and the metrics' scraper. Out: DNS, its stores, those that it calls, and its mesh."""
    proxies = membership.proxy_ports
    ports = [*spec.ports.values(), *proxies]
    callers = [pods({NAME: caller}) for caller in spec.callers]
    ingress = [_ingress([all_of(MONITORING)], [spec.ports["http"], *proxies])]
    if callers:
        ingress.append(_ingress(callers, ports))
    if spec.open_ports:
        anybody = [net.NetworkPolicyPeerArgs(ip_block=net.IPBlockArgs(cidr="0.0.0.0/0"))]
        ingress.append(_ingress(anybody, list(spec.open_ports)))
    return net.NetworkPolicySpecArgs(
        pod_selector=meta.LabelSelectorArgs(match_labels={NAME: spec.name}),
        policy_types=["Ingress", "Egress"],
        ingress=ingress,
        egress=[
            to_dns(),
            *map(to, spec.access.destinations),
            *(to(_by_proxy(each, proxies)) for each in spec.destinations),
            *to_control_plane(membership),
        ],
    )


def to_service(called: str, *ports: int) -> Destination:
    """The pods of another service of the shop."""
    return Destination(ports=ports, pod_labels={NAME: called})


def _by_proxy(there: Destination, proxies: tuple[int, ...]) -> Destination:
    """Pods of the shop are reached at their proxies, what has an address elsewhere is not."""
    return there if there.cidr is not None else replace(there, ports=(*there.ports, *proxies))


def _ingress(peers: list[net.NetworkPolicyPeerArgs], ports: list[int]) -> net.NetworkPolicyIngressRuleArgs:
    return net.NetworkPolicyIngressRuleArgs(from_=peers, ports=[port(each) for each in ports])


def metadata(spec: ServiceSpec, namespace: pulumi.Input[str], name: str | None = None) -> meta.ObjectMetaArgs:
    """Of everything that belongs to a service."""
    return meta.ObjectMetaArgs(name=name or spec.name, namespace=namespace, labels=labels(spec.name))
