"""Who speaks to whom is proven: mTLS between all pods of the shop, and a list of callers for each service."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pulumi


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


class Mesh(Protocol):
    """A mesh that a stack has chosen (`mesh`); a namespace with its labels is in it."""

    labels: dict[str, str]

    def protect(self, namespace: pulumi.Input[str], rules: Sequence[Rules]) -> None:
        """Nobody is let in who is not named."""
