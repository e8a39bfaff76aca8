"""Linkerd's words: namespaces, ports, annotations.

https://linkerd.io/2-edge/reference/proxy-configuration/
"""

from components.access import Destination
from components.mesh import Membership

NAMESPACE, CNI_NAMESPACE = "linkerd", "linkerd-cni"
TRUST_DOMAIN = "cluster.local"
# Meshed pods reach one another there: https://linkerd.io/2-edge/common-errors/network-policy/
INBOUND_PORT = 4143
IDENTITY_PORT, DESTINATION_PORT, POLICY_PORT = 8080, 8086, 8090
PROXY_MILLIS, PROXY_MIB = 100, 128
CONTROL_PLANE = {"linkerd.io/is-control-plane": "true"}
INJECT, WEBHOOKS = "linkerd.io/inject", "config.linkerd.io/admission-webhooks"
DEFAULT_POLICY = "config.linkerd.io/default-inbound-policy"
SKIP_OUTBOUND, SKIP_SUBNETS = "config.linkerd.io/skip-outbound-ports", "config.linkerd.io/skip-subnets"

MEMBERSHIP = Membership(
    # The injector is asked about pods of these namespaces alone: while it is away, others start.
    labels={WEBHOOKS: "enabled"},
    annotations={INJECT: "enabled"},
    guarded={DEFAULT_POLICY: "deny"},
    proxy_ports=(INBOUND_PORT,),
    control_plane=(Destination((IDENTITY_PORT, DESTINATION_PORT, POLICY_PORT), namespace=NAMESPACE),),
    beside=(PROXY_MILLIS, PROXY_MIB),
)
