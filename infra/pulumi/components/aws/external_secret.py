"""A Secret of Kubernetes that is kept equal to one of Secrets Manager."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.access import SecretKey

STORE = "aws-secrets-manager"
REFRESH = "15m"


def external_secret(
    name: str,
    *,
    namespace: pulumi.Input[str],
    remote: pulumi.Input[str],
    data: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> dict[str, SecretKey]:
    """The keys of `data`, templates in which `.username` and `.password` stand for those of `remote`."""
    template = {"engineVersion": "v2", "data": data}
    spec: dict[str, Any] = {
        "refreshInterval": REFRESH,
        "secretStoreRef": {"kind": "ClusterSecretStore", "name": STORE},
        "target": {"name": name, "creationPolicy": "Owner", "template": template},
        "dataFrom": [{"extract": {"key": remote}}],
    }
    k8s.apiextensions.CustomResource(
        f"{name}-secret",
        api_version="external-secrets.io/v1",
        kind="ExternalSecret",
        metadata=k8s.meta.v1.ObjectMetaArgs(name=name, namespace=namespace),
        spec=spec,
        opts=opts,
    )
    return {key: SecretKey(name, key) for key in data}
