"""An authority of our own, and the certificates that it gives."""

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.cert_manager import API, BOOTSTRAP, ISSUED, CertManager

YEAR_HOURS = 8_760
# Made anew with each certificate, so that one that was read by somebody ends with it.
KEY = {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}


class Authority(pulumi.ComponentResource):
    """A key that signs, kept in the namespace of cert-manager alone, where no service can mount it.

    It is good for ten years, and renewed a year before its end, longer than anything that it signs is good.
    """

    def __init__(
        self, name: str, cert_manager: CertManager, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("seawall:platform:Authority", name, None, opts)
        self.name = name
        own = k8s.apiextensions.CustomResource(
            f"{name}-authority",
            api_version=API,
            kind="Certificate",
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=name, namespace=cert_manager.namespace, annotations=ISSUED
            ),
            spec={
                "isCA": True,
                "commonName": f"{name}.seawall",
                "secretName": name,
                "duration": f"{10 * YEAR_HOURS}h",
                "renewBefore": f"{YEAR_HOURS}h",
                # Certificates that it has signed are checked by the key: it stays.
                "privateKey": KEY | {"rotationPolicy": "Never"},
                "issuerRef": _issuer(BOOTSTRAP),
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[cert_manager]),
        )
        self._issuer = k8s.apiextensions.CustomResource(
            f"{name}-issuer",
            api_version=API,
            kind="ClusterIssuer",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=name, annotations=ISSUED),
            spec={"ca": {"secretName": name}},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[own]),
        )
        self.register_outputs({})

    def certificate(
        self,
        name: str,
        namespace: pulumi.Input[str],
        *,
        hosts: Sequence[str],
        hours: int,
        renew_before_hours: int,
        more: dict[str, Any] | None = None,
    ) -> pulumi.CustomResource:
        """A Secret of this name with `tls.crt`, `tls.key`, `ca.crt`, replaced `renew_before_hours` before
        its end. `more` is added to the Certificate's spec."""
        spec: dict[str, Any] = {
            "secretName": name,
            "dnsNames": list(hosts),
            "duration": f"{hours}h",
            "renewBefore": f"{renew_before_hours}h",
            "privateKey": KEY,
            "usages": ["digital signature", "server auth"],
            "issuerRef": _issuer(self.name),
        }
        return k8s.apiextensions.CustomResource(
            f"{name}-certificate",
            api_version=API,
            kind="Certificate",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=name, namespace=namespace, annotations=ISSUED),
            spec=spec | (more or {}),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._issuer]),
        )


def _issuer(name: str) -> dict[str, str]:
    return {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": name}
