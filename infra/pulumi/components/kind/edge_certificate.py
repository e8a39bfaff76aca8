"""The certificate of the shop's name where no cloud gives one."""

from collections.abc import Sequence

import pulumi

from components.access import SECRETS_FOLDER, Access, SecretKey
from components.authority import Authority
from components.cert_manager import CertManager
from components.public_service import TLS_PORT

NAME = "edge"
DAY_HOURS = 24


class EdgeCertificate(pulumi.ComponentResource):
    """A certificate for `hosts` in the shop's namespace, by an authority that one's own machine may trust.

    It is renewed `renew_before_days` before its end; pods see the new one in their files within minutes.
    """

    def __init__(
        self,
        cert_manager: CertManager,
        namespace: pulumi.Input[str],
        *,
        hosts: Sequence[str],
        days: int,
        renew_before_days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:kind:EdgeCertificate", NAME, None, opts)
        authority = Authority("seawall-edge", cert_manager, opts=pulumi.ResourceOptions(parent=self))
        authority.certificate(
            NAME,
            namespace,
            hosts=hosts,
            hours=days * DAY_HOURS,
            renew_before_hours=renew_before_days * DAY_HOURS,
        )
        self.register_outputs({})

    def access(self) -> Access:
        """What the gateway is told: the port of TLS, and the files that it follows."""
        return Access(
            environment={
                "SEAWALL_TLS_PORT": str(TLS_PORT),
                "SEAWALL_TLS_CERTIFICATE": f"{SECRETS_FOLDER}/tls.crt",
                "SEAWALL_TLS_KEY": f"{SECRETS_FOLDER}/tls.key",
            },
            files={each: SecretKey(NAME, each) for each in ("tls.crt", "tls.key")},
        )
