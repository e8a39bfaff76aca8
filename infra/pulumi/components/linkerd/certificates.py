"""The certificates of Linkerd, all by cert-manager.

https://linkerd.io/2-edge/tasks/automatically-rotating-control-plane-tls-credentials/
"""

import pulumi

from components.authority import Authority
from components.cert_manager import CertManager
from components.linkerd.names import CONTROL_PLANE, NAMESPACE, TRUST_DOMAIN
from components.linkerd.values import HOOKS, certificate_of
from components.trust_manager import TrustManager

# What the issuer signs is good for a day.
HOURS, RENEW_BEFORE_HOURS = 90 * 24, 30 * 24
ANCHOR, WEBHOOKS = "seawall-mesh", "seawall-mesh-webhooks"
ISSUER, TRUST_ROOTS = "linkerd-identity-issuer", "linkerd-identity-trust-roots"
IDENTITY = f"identity.{NAMESPACE}.{TRUST_DOMAIN}"


class LinkerdCertificates(pulumi.ComponentResource):
    """The issuer of proxies' certificates, whom they trust, and what the API server knows the webhooks by.

    All are replaced a month before their end; Linkerd reads the new ones without a restart. The key of the
    anchor stays in cert-manager's namespace. Webhooks have an authority of their own.
    """

    def __init__(
        self,
        cert_manager: CertManager,
        namespace: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:platform:LinkerdCertificates", "linkerd-certificates", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        anchor = Authority(ANCHOR, cert_manager, opts=child)
        anchor.certificate(
            ISSUER,
            namespace,
            hosts=[IDENTITY],
            more={
                "isCA": True,
                "commonName": IDENTITY,
                "usages": ["cert sign", "crl sign", "server auth", "client auth"],
            },
            hours=HOURS,
            renew_before_hours=RENEW_BEFORE_HOURS,
        )
        TrustManager(cert_manager, opts=child).bundle(
            TRUST_ROOTS, authority=ANCHOR, key="ca-bundle.crt", namespaces=CONTROL_PLANE, after=anchor
        )
        webhooks = Authority(WEBHOOKS, cert_manager, opts=child)
        for service in HOOKS.values():
            webhooks.certificate(
                certificate_of(service),
                namespace,
                hosts=[f"{service}.{NAMESPACE}.svc"],
                hours=HOURS,
                renew_before_hours=RENEW_BEFORE_HOURS,
            )
        self.register_outputs({})
