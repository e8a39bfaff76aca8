"""What makes certificates in the cluster and renews them: https://cert-manager.io/docs/"""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.release import release
from components.shop_namespace import RESTRICTED
from components.size import size
from versions import CERT_MANAGER

NAMESPACE = "cert-manager"
API = "cert-manager.io/v1"
BOOTSTRAP = "self-signed"
# Pulumi goes on when it is issued: https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/
ISSUED = {"pulumi.com/waitFor": "condition=Ready"}


class CertManager(pulumi.ComponentResource):
    """The controllers, and an issuer whose certificates nobody vouches for: authorities begin with one."""

    namespace: pulumi.Output[str]

    def __init__(self, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("seawall:platform:CertManager", NAMESPACE, None, opts)
        namespace = k8s.core.v1.Namespace(
            NAMESPACE,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=NAMESPACE, labels=RESTRICTED),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.namespace = namespace.metadata["name"]
        controllers = release(
            CERT_MANAGER,
            namespace=self.namespace,
            values=_values(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        k8s.apiextensions.CustomResource(
            BOOTSTRAP,
            api_version=API,
            kind="ClusterIssuer",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=BOOTSTRAP),
            spec={"selfSigned": {}},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[controllers]),
        )
        self.register_outputs({"namespace": self.namespace})


def _values() -> dict[str, Any]:
    """A certificate is renewed weeks before its end: what is away for an hour is missed by nobody."""
    return {
        # Without the definitions every certificate in the cluster would go: an uninstall keeps them.
        "crds": {"enabled": True, "keep": True},
        "resources": size(50, 128),
        "webhook": {"replicaCount": 2, "resources": size(25, 64)},
        "cainjector": {"resources": size(25, 128)},
        "startupapicheck": {"resources": size(10, 64)},
    }
