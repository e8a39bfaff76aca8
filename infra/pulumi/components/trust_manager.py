"""What carries the certificates of authorities to who checks by them: https://cert-manager.io/docs/trust/"""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.cert_manager import CertManager
from components.release import release
from components.size import size
from versions import TRUST_MANAGER

# A Secret of cert-manager's namespace with this label is trusted besides: an authority of before.
ALSO_TRUSTED = "seawall.dev/also-trusted"
# Pulumi goes on when it is carried: https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/
CARRIED = {"pulumi.com/waitFor": "condition=Synced"}


class TrustManager(pulumi.ComponentResource):
    """Reads secrets of cert-manager's namespace alone, and writes what is public in them to ConfigMaps."""

    def __init__(self, cert_manager: CertManager, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("seawall:platform:TrustManager", "trust-manager", None, opts)
        controller = release(
            TRUST_MANAGER,
            namespace=cert_manager.namespace,
            values={
                "crds": {"enabled": True, "keep": True},
                "replicaCount": 2,
                "app": {"trust": {"namespace": cert_manager.namespace}},
                # Authorities of the internet are nobody's in here.
                "defaultPackage": {"enabled": False},
                "resources": size(25, 128),
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[cert_manager]),
        )
        self._child = pulumi.ResourceOptions(parent=self, depends_on=[controller])
        self.register_outputs({})

    def bundle(
        self, name: str, *, authority: str, key: str, namespaces: dict[str, str], after: pulumi.Resource
    ) -> pulumi.CustomResource:
        """A ConfigMap of this name in all `namespaces` with these labels, which follows the authority."""
        certificate = {"key": "tls.crt"}
        also = {"matchLabels": {ALSO_TRUSTED: authority}}
        spec: dict[str, Any] = {
            "sources": [
                {"secret": {"name": authority, **certificate}},
                {"secret": {"selector": also, **certificate}},
            ],
            "target": {"configMap": {"key": key}, "namespaceSelector": {"matchLabels": namespaces}},
        }
        return k8s.apiextensions.CustomResource(
            f"{name}-bundle",
            api_version="trust.cert-manager.io/v1alpha1",
            kind="Bundle",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=name, annotations=CARRIED),
            spec=spec,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[after])),
        )
