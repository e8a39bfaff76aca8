"""What every platform gives to the shop, whoever runs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pulumi

from components.access import Access, SecretKey
from components.watching.store_queries import StoreQueries
from workloads import Store


class StoreComponent(Protocol):
    """A store that services use."""

    def access(self, workload: str) -> Access:
        """How the service of this name reaches it."""


@dataclass(frozen=True)
class Platform:
    """The stores by name, and the annotations of the one Service that the internet reaches.

    `secrets` are those of the configuration, by the names of its keys, in the shop's namespace. `options`
    go to whatever uses the stores: it comes up after them. `edge` is the certificate of the gateway, where
    TLS does not end before it. `figures` are what the stores say of themselves.
    """

    stores: Mapping[Store, StoreComponent]
    secrets: Mapping[str, SecretKey]
    figures: StoreQueries
    public_service: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    options: pulumi.ResourceOptions = field(default_factory=pulumi.ResourceOptions)
    edge: Access | None = None
