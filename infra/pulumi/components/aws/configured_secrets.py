"""The secrets of a stack's own configuration."""

import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
from pydantic import SecretStr

from components.access import SecretKey
from components.aws.external_secret import REFRESH, STORE
from components.aws.store import Setting

NAME = "configured"


class ConfiguredSecrets(pulumi.ComponentResource):
    """What `pulumi config set --secret` has encrypted, in Secrets Manager, and from there in a namespace.

    A value that is changed in the configuration is changed there by the next `pulumi up`.
    """

    secret_arns: list[pulumi.Output[str]]

    def __init__(
        self,
        setting: Setting,
        values: Mapping[str, SecretStr],
        opts: pulumi.ResourceOptions | None = None,
        *,
        name: str = NAME,
    ) -> None:
        label = f"{setting.name}-{name}"
        super().__init__("seawall:aws:ConfiguredSecrets", label, None, opts)
        self._name, self._child = name, pulumi.ResourceOptions(parent=self)
        self._keys = list(values)
        self._secret = aws.secretsmanager.Secret(
            label, name=f"{setting.name}/{name}", kms_key_id=setting.key_arn, opts=self._child
        )
        plain = json.dumps({key: value.get_secret_value() for key, value in values.items()})
        aws.secretsmanager.SecretVersion(
            label, secret_id=self._secret.id, secret_string=pulumi.Output.secret(plain), opts=self._child
        )
        self.secret_arns = [self._secret.arn]
        self.register_outputs({})

    def put_into(self, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions) -> dict[str, SecretKey]:
        """The keys of a Secret of that name in a namespace; secrets have to be readable by now."""
        k8s.apiextensions.CustomResource(
            self._name,
            api_version="external-secrets.io/v1",
            kind="ExternalSecret",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=self._name, namespace=namespace),
            spec={
                "refreshInterval": REFRESH,
                "secretStoreRef": {"kind": "ClusterSecretStore", "name": STORE},
                "target": {"name": self._name, "creationPolicy": "Owner"},
                "dataFrom": [{"extract": {"key": self._secret.name}}],
            },
            opts=pulumi.ResourceOptions.merge(self._child, opts),
        )
        return {key: SecretKey(self._name, key) for key in self._keys}
