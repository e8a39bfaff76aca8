"""Secrets Manager's secrets as Secrets of the cluster."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.aws.external_secret import STORE
from components.aws.iam import Allow
from components.aws.pod_identity import PodIdentity
from components.release import release
from components.size import size
from versions import EXTERNAL_SECRETS

NAMESPACE = ACCOUNT = "external-secrets"
SMALL = size(50, 128)


class ExternalSecrets(pulumi.ComponentResource):
    """The operator, which may read the secrets of `secret_arns`, each by its name, and no others."""

    ready: k8s.apiextensions.CustomResource

    def __init__(
        self,
        name: str,
        *,
        region: str,
        cluster_name: pulumi.Input[str],
        secret_arns: Sequence[pulumi.Input[str]],
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:ExternalSecrets", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = k8s.core.v1.Namespace(
            NAMESPACE, metadata=k8s.meta.v1.ObjectMetaArgs(name=NAMESPACE), opts=child
        )
        identity = PodIdentity(
            f"{name}-external-secrets",
            Allow(["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], secret_arns),
            Allow(
                ["kms:Decrypt"],
                [key_arn],
                {"StringEquals": {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com"}},
            ),
            cluster_name=cluster_name,
            namespace=NAMESPACE,
            service_account=ACCOUNT,
            opts=child,
        )
        chart = release(
            EXTERNAL_SECRETS,
            namespace=namespace.metadata["name"],
            values={
                "installCRDs": True,
                "replicaCount": 2,
                "leaderElect": True,
                "serviceAccount": {"name": ACCOUNT},
                "resources": SMALL,
                "webhook": {"replicaCount": 2, "resources": SMALL},
                "certController": {"resources": SMALL},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[identity]),
        )
        self.ready = k8s.apiextensions.CustomResource(
            STORE,
            api_version="external-secrets.io/v1",
            kind="ClusterSecretStore",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=STORE),
            spec={"provider": {"aws": {"service": "SecretsManager", "region": region}}},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[chart]),
        )
        self.register_outputs({})
