"""How a service reaches a store: what it is told, and where it may connect to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

SECRETS_FOLDER = "/run/secrets/seawall"


@dataclass(frozen=True)
class SecretKey:
    """One value of a Secret in the shop's namespace."""

    secret: pulumi.Input[str]
    key: str


@dataclass(frozen=True)
class Destination:
    """Where a pod may connect to: pods of a namespace by labels, or a range of addresses."""

    ports: tuple[int, ...]
    namespace: str = ""
    pod_labels: Mapping[str, str] = field(default_factory=dict)
    cidr: pulumi.Input[str] | None = None


@dataclass(frozen=True)
class Access:
    """What a store gives to the service that uses it.

    `environment` are plain settings. `secrets` are files in SECRETS_FOLDER by the names of settings, told
    by `SEAWALL_<NAME>_FILE`; `files` lie beside them, and a secret names their paths: authorities of TLS.
    """

    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    secrets: Mapping[str, SecretKey] = field(default_factory=dict)
    files: Mapping[str, SecretKey] = field(default_factory=dict)
    destinations: tuple[Destination, ...] = ()
