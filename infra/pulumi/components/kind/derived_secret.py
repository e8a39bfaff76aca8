"""A derived password, in Secrets of the cluster."""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.access import SecretKey


@dataclass(frozen=True)
class DerivedSecret:
    """Writes the password into Secrets, in whatever text stands around it."""

    password: pulumi.Output[str]

    def put(
        self, name: str, namespace: pulumi.Input[str], key: str, text: str, opts: pulumi.ResourceOptions
    ) -> SecretKey:
        """A Secret whose `key` is the text, in which `{}` stands for the password."""
        secret = k8s.core.v1.Secret(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=name, namespace=namespace),
            string_data={key: self.password.apply(text.format)},
            opts=opts,
        )
        return SecretKey(secret.metadata["name"], key)
