"""Who speaks to whom is proven: mTLS between all pods of the shop, and a list of callers for each service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pulumi

from components.access import Destination


@dataclass(frozen=True)
class Caller:
    """Who may call, by the service account in its certificate; `account` "*" is all of a namespace."""

    namespace: str
    account: str = "*"


@dataclass(frozen=True)
class Rules:
    """Of one service: its ports, who may call them, and the ports that are open to anybody, without mTLS."""

    service: str
    ports: tuple[int, ...]
    callers: tuple[Caller, ...]
    scraped_port: int
    open_ports: tuple[int, ...] = ()
    pod_labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Membership:
    """What pods need to be in a mesh; without one, nothing.

    A namespace with its `labels` and `annotations` is in it. `guarded` are the annotations of one that
    `protect` is called for. `proxy_ports` are where proxies reach one another, in place of a service's own
    ports; each also reaches the `control_plane`. `beside` is what a proxy adds to its pod: millicores, MiB.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    guarded: Mapping[str, str] = field(default_factory=dict)
    proxy_ports: tuple[int, ...] = ()
    control_plane: tuple[Destination, ...] = ()
    beside: tuple[int, int] = (0, 0)


class Mesh(Protocol):
    """A mesh that a stack has chosen (`mesh`). `before_pods` is there before pods that are in it."""

    membership: Membership
    before_pods: Sequence[pulumi.Resource]

    def pod_annotations(self, *, outside: Sequence[int], open_ports: Sequence[int]) -> Mapping[str, str]:
        """Of a pod that reaches ports `outside` of the mesh, and is reached from there at `open_ports`."""

    def protect(self, namespace: pulumi.Input[str], rules: Sequence[Rules]) -> None:
        """Nobody is let in who is not named."""


class NoMesh:
    """What a stack has that does without: who is reached is the network policies' to say alone."""

    membership = Membership()
    before_pods: Sequence[pulumi.Resource] = ()

    def pod_annotations(self, *, outside: Sequence[int], open_ports: Sequence[int]) -> Mapping[str, str]:
        """None."""
        return {}

    def protect(self, namespace: pulumi.Input[str], rules: Sequence[Rules]) -> None:
        """Asks for nothing."""
