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
    """What `pulumi config set --secret` has encrypted, in Secrets Manager, and from there in the shop.

    A value that is changed in the configuration is changed there by the next `pulumi up`.
    """

    secret_arns: list[pulumi.Output[str]]

    def __init__(
        self, setting: Setting, values: Mapping[str, SecretStr], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("seawall:aws:ConfiguredSecrets", f"{setting.name}-configured", None, opts)
        self._setting, self._child = setting, pulumi.ResourceOptions(parent=self)
        self._names = list(values)
        label = f"{setting.name}-configured"
        self._secret = aws.secretsmanager.Secret(
            label, name=f"{setting.name}/{NAME}", kms_key_id=setting.key_arn, opts=self._child
        )
        plain = json.dumps({key: value.get_secret_value() for key, value in values.items()})
        aws.secretsmanager.SecretVersion(
            label, secret_id=self._secret.id, secret_string=pulumi.Output.secret(plain), opts=self._child
        )
        self.secret_arns = [self._secret.arn]
        self.register_outputs({})

    def in_the_shop(self, opts: pulumi.ResourceOptions) -> dict[str, SecretKey]:
        """The keys of a Secret in the shop's namespace; secrets have to be readable by now."""
        k8s.apiextensions.CustomResource(
            NAME,
            api_version="external-secrets.io/v1",
            kind="ExternalSecret",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=NAME, namespace=self._setting.namespace),
            spec={
                "refreshInterval": REFRESH,
                "secretStoreRef": {"kind": "ClusterSecretStore", "name": STORE},
                "target": {"name": NAME, "creationPolicy": "Owner"},
                "dataFrom": [{"extract": {"key": self._secret.name}}],
            },
            opts=pulumi.ResourceOptions.merge(self._child, opts),
        )
        return {key: SecretKey(NAME, key) for key in self._names}
