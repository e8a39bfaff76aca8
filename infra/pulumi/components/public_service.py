"""The one Service that is reached from outside: the gateway's."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from components.microservice.spec import labels, selector

core = k8s.core.v1
PUBLIC_PORT = 8000
TLS_PORT = 8443
# kind.yaml leads ports of the host to them.
KIND_NODE_PORT, KIND_TLS_NODE_PORT = 30_080, 30_443


def public_service(
    name: str,
    namespace: pulumi.Input[str],
    annotations: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
    *,
    tls: bool = False,
) -> core.Service:
    """A load balancer that ends TLS, where the platform's annotations say how; else a port of the nodes.

    With `tls` the gateway ends it, and plain HTTP has no door.
    """
    balanced = bool(annotations)
    if tls:
        port = core.ServicePortArgs(
            name="tls", port=TLS_PORT, target_port="tls", node_port=KIND_TLS_NODE_PORT
        )
    else:
        port = core.ServicePortArgs(
            name="public",
            port=443 if balanced else PUBLIC_PORT,
            target_port="public",
            node_port=None if balanced else KIND_NODE_PORT,
        )
    return core.Service(
        f"{name}-public",
        metadata=k8s.meta.v1.ObjectMetaArgs(
            name=f"{name}-public", namespace=namespace, labels=labels(name), annotations=annotations
        ),
        spec=core.ServiceSpecArgs(
            type="LoadBalancer" if balanced else "NodePort",
            load_balancer_class="service.k8s.aws/nlb" if balanced else None,
            # Addresses of customers reach Envoy, which limits by them.
            external_traffic_policy="Local",
            selector=selector(name),
            ports=[port],
        ),
        opts=opts,
    )
