"""A password of Secrets Manager, in Secrets of the cluster."""

from dataclasses import dataclass

import pulumi

from components.access import SecretKey
from components.aws.external_secret import external_secret


@dataclass(frozen=True)
class ManagedSecret:
    """Has external-secrets write the password of `remote` into Secrets, in whatever text stands around it."""

    remote: pulumi.Input[str]

    def put(
        self, name: str, namespace: pulumi.Input[str], key: str, text: str, opts: pulumi.ResourceOptions
    ) -> SecretKey:
        """A Secret whose `key` is the text, in which `{}` stands for the password."""
        data = {key: text.format("{{ .password }}")}
        return external_secret(name, namespace=namespace, remote=self.remote, data=data, opts=opts)[key]
