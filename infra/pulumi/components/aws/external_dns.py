"""Names of the shop in Route 53."""

import pulumi

from components.aws.iam import Allow
from components.aws.pod_identity import PodIdentity
from components.release import release
from components.size import size
from versions import EXTERNAL_DNS

NAMESPACE, ACCOUNT = "kube-system", "external-dns"
SMALL = size(20, 64)


class ExternalDns(pulumi.ComponentResource):
    """Keeps the records of one zone, and of `domain` alone, equal to what the cluster's Services ask for."""

    def __init__(
        self,
        name: str,
        *,
        cluster_name: pulumi.Input[str],
        domain: str,
        hosted_zone_id: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:ExternalDns", name, None, opts)
        zone = f"arn:aws:route53:::hostedzone/{hosted_zone_id}"
        identity = PodIdentity(
            f"{name}-external-dns",
            Allow(["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"], [zone]),
            Allow(["route53:ListHostedZones", "route53:ListTagsForResources"], ["*"]),
            cluster_name=cluster_name,
            namespace=NAMESPACE,
            service_account=ACCOUNT,
            opts=pulumi.ResourceOptions(parent=self),
        )
        release(
            EXTERNAL_DNS,
            namespace=NAMESPACE,
            values={
                "provider": {"name": "aws"},
                "sources": ["service"],
                "domainFilters": [domain],
                "policy": "sync",
                "registry": "txt",
                "txtOwnerId": name,
                "extraArgs": [f"--zone-id-filter={hosted_zone_id}"],
                "serviceAccount": {"name": ACCOUNT},
                "resources": SMALL,
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[identity]),
        )
        self.register_outputs({})
