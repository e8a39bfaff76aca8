"""The rules of a service in Linkerd's resources: https://linkerd.io/2-edge/reference/authorization-policy/"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from components.linkerd.names import NAMESPACE, TRUST_DOMAIN
from components.mesh import Caller, Rules

GROUP = "policy.linkerd.io"
VERSIONS = {"Server": "v1beta3"}
MONITORING = "monitoring"
SCRAPER, ANYBODY = "scraper", "anybody"
EVERYWHERE = [{"cidr": "0.0.0.0/0"}, {"cidr": "::/0"}]


@dataclass(frozen=True)
class Wanted:
    """A resource of Linkerd's policy."""

    kind: str
    name: str
    spec: dict[str, Any]

    @property
    def api_version(self) -> str:
        """The one that is stored of its kind."""
        return f"{GROUP}/{VERSIONS.get(self.kind, 'v1alpha1')}"


def shared(rules: Sequence[Rules]) -> Iterator[Wanted]:
    """Who is let in to more than one service: the scraper, and anybody where there is a door."""
    yield _meshed(SCRAPER, [Caller(MONITORING)])
    if any(each.open_ports for each in rules):
        yield Wanted("NetworkAuthentication", ANYBODY, {"networks": EVERYWHERE})


def of_service(rules: Rules) -> Iterator[Wanted]:
    """A Server for each port, which refuses whom no policy names.

    Kubelets' probes are let in by Linkerd itself, to the paths of a pod's probes and no other, as long as
    there is no HTTPRoute of a Server.
    """
    if rules.callers:
        yield _meshed(rules.service, rules.callers)
    for port in (*rules.ports, *rules.open_ports):
        name = f"{rules.service}-{port}"
        yield Wanted("Server", name, {"podSelector": {"matchLabels": rules.pod_labels}, "port": port})
        if port in rules.open_ports:
            yield _allowed(name, "NetworkAuthentication", ANYBODY, to=name)
        elif rules.callers:
            yield _allowed(name, "MeshTLSAuthentication", rules.service, to=name)
        if port == rules.scraped_port:
            yield _allowed(f"{name}-{SCRAPER}", "MeshTLSAuthentication", SCRAPER, to=name)


def _meshed(name: str, callers: Sequence[Caller]) -> Wanted:
    return Wanted("MeshTLSAuthentication", name, {"identities": [_identity(each) for each in callers]})


def _identity(caller: Caller) -> str:
    return f"{caller.account}.{caller.namespace}.serviceaccount.identity.{NAMESPACE}.{TRUST_DOMAIN}"


def _allowed(name: str, kind: str, who: str, *, to: str) -> Wanted:
    return Wanted(
        "AuthorizationPolicy",
        name,
        {
            "targetRef": {"group": GROUP, "kind": "Server", "name": to},
            "requiredAuthenticationRefs": [{"group": GROUP, "kind": kind, "name": who}],
        },
    )
