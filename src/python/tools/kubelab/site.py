"""Where one lab is: its programs, its folder, its ports and its certificates."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.devstack.ports import LOOPBACK
from tools.kubelab.build import Built
from tools.kubelab.component import Component
from tools.kubelab.credentials import ADMINISTRATORS, Credentials

Flags = Mapping[str, str | bool]
LISTEN: Flags = {"bind-address": LOOPBACK}


@dataclass(frozen=True)
class Site:
    """What each program of a lab is started with."""

    built: Built
    folder: Path
    ports: Mapping[str, int]
    credentials: Credentials

    def at(self, name: str) -> str:
        """host:port of what listens there."""
        return f"{LOOPBACK}:{self.ports[name]}"

    def administrator(self, name: str) -> str:
        """The kubeconfig of a program that may do everything here."""
        return str(self.credentials.kubeconfig(f"system:{name}", ADMINISTRATORS))

    def aggregated(self, service: str) -> Flags:
        """Of a server that the API server reaches as localhost, and expects by the name of its Service."""
        serving = self.credentials.issue(service, hosts=(f"{service}.kube-system.svc",))
        config = self.administrator(service)
        return {
            **LISTEN,
            "secure-port": str(self.ports[service]),
            "tls-cert-file": str(serving.certificate),
            "tls-private-key-file": str(serving.key),
            "authentication-kubeconfig": config,
            "authorization-kubeconfig": config,
        }

    def component(
        self,
        name: str,
        flags: Flags,
        *,
        health: str = "/healthz",
        tls: bool = True,
        environment: Mapping[str, str] | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> Component:
        """The program of that name, at the port of that name."""
        return Component(
            name,
            self.built.program(name),
            self.ports[name],
            flags,
            self.folder / name,
            health=health,
            tls=tls,
            environment=environment or {},
            files=files or {},
        )
