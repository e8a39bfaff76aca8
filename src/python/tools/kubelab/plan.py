"""What a lab consists of: the programs with their flags, and who needs whom."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.devstack.ports import LOOPBACK
from tools.devstack.unit import Unit
from tools.kubelab.build import Built
from tools.kubelab.component import Component
from tools.kubelab.credentials import ADMINISTRATORS, Credentials

Flags = Mapping[str, str | bool]
PORTS = (
    "etcd",
    "etcd-peers",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
    "metrics-server",
    "karpenter",
    "karpenter-metrics",
)
SERVICE_RANGE = "10.96.0.0/16"
# The autoscaler looks each 15 s by default; a lab has less patience.
AUTOSCALER_SECONDS = 5
METRICS_SECONDS = 10
LISTEN: Flags = {"bind-address": LOOPBACK}
ALONE: Flags = {"leader-elect": False}


@dataclass(frozen=True)
class Plan:
    """How one lab is started in `folder`, on these ports."""

    built: Built
    folder: Path
    ports: Mapping[str, int]
    credentials: Credentials
    karpenter: bool = False

    def units(self, furnish: Callable[[], Awaitable[None]]) -> list[Unit]:
        """In the order of their needs; `furnish` fills the cluster once its server answers."""
        parts = [
            (self._etcd(), ()),
            (self._apiserver(), ("etcd",)),
            (self._controller_manager(), ("kube-apiserver",)),
            (self._scheduler(), ("kube-apiserver",)),
            (self._kwok(), ("kube-apiserver",)),
            (self._metrics_server(), ("kwok",)),
            *([(self._karpenter(), ("kube-apiserver",))] if self.karpenter else []),
        ]
        return [self._unit(component, needs, furnish) for component, needs in parts]

    def _unit(
        self, component: Component, needs: tuple[str, ...], furnish: Callable[[], Awaitable[None]]
    ) -> Unit:
        log = self.folder / "logs" / f"{component.name}.log"
        if component.name == "kube-apiserver":
            return Unit(component, log, needs, after_ready=furnish)
        return Unit(component, log, needs)

    def _component(
        self,
        name: str,
        flags: Flags,
        *,
        health: str = "/healthz",
        tls: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> Component:
        return Component(
            name,
            self.built.program(name),
            self.ports[name],
            flags,
            self.folder / name,
            health=health,
            tls=tls,
            environment=environment or {},
        )

    def _etcd(self) -> Component:
        clients, peers = (f"http://{LOOPBACK}:{self.ports[name]}" for name in ("etcd", "etcd-peers"))
        flags: Flags = {
            "data-dir": str(self.folder / "etcd" / "data"),
            "listen-client-urls": clients,
            "advertise-client-urls": clients,
            "listen-peer-urls": peers,
            "initial-advertise-peer-urls": peers,
            "initial-cluster": f"default={peers}",
            "unsafe-no-fsync": True,  # what it holds ends with the lab
        }
        return self._component("etcd", flags, health="/health", tls=False)

    def _apiserver(self) -> Component:
        who, authority = self.credentials, str(self.credentials.authority)
        serving, proxy = who.issue("kube-apiserver"), who.issue("front-proxy")
        flags: Flags = {
            **LISTEN,
            "secure-port": str(self.ports["kube-apiserver"]),
            "advertise-address": LOOPBACK,
            "endpoint-reconciler-type": "none",
            "etcd-servers": f"http://{LOOPBACK}:{self.ports['etcd']}",
            "cert-dir": str(who.folder),
            "tls-cert-file": str(serving.certificate),
            "tls-private-key-file": str(serving.key),
            "client-ca-file": authority,
            "authorization-mode": "RBAC",
            "allow-privileged": True,
            "service-cluster-ip-range": SERVICE_RANGE,
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": str(who.service_accounts.certificate),
            "service-account-signing-key-file": str(who.service_accounts.key),
            "requestheader-client-ca-file": authority,
            "requestheader-allowed-names": "front-proxy",
            "requestheader-username-headers": "X-Remote-User",
            "requestheader-group-headers": "X-Remote-Group",
            "requestheader-extra-headers-prefix": "X-Remote-Extra-",
            "proxy-client-cert-file": str(proxy.certificate),
            "proxy-client-key-file": str(proxy.key),
        }
        return self._component("kube-apiserver", flags, health="/readyz")

    def _controller_manager(self) -> Component:
        flags: Flags = {
            **LISTEN,
            **ALONE,
            "secure-port": str(self.ports["kube-controller-manager"]),
            "kubeconfig": str(self.credentials.kubeconfig("system:kube-controller-manager")),
            "use-service-account-credentials": True,
            "service-account-private-key-file": str(self.credentials.service_accounts.key),
            "root-ca-file": str(self.credentials.authority),
            "horizontal-pod-autoscaler-sync-period": f"{AUTOSCALER_SECONDS}s",
        }
        return self._component("kube-controller-manager", flags)

    def _scheduler(self) -> Component:
        flags: Flags = {
            **LISTEN,
            **ALONE,
            "secure-port": str(self.ports["kube-scheduler"]),
            "kubeconfig": str(self.credentials.kubeconfig("system:kube-scheduler")),
        }
        return self._component("kube-scheduler", flags)

    def _kwok(self) -> Component:
        port, serving = str(self.ports["kwok"]), self.credentials.issue("kwok")
        flags: Flags = {
            "kubeconfig": str(self.credentials.kubeconfig("system:kwok", ADMINISTRATORS)),
            "config": str(self.built.simulation),
            "manage-all-nodes": True,
            "node-ip": LOOPBACK,
            "node-lease-duration-seconds": "40",
            "node-port": port,
            "server-address": f"{LOOPBACK}:{port}",
            "tls-cert-file": str(serving.certificate),
            "tls-private-key-file": str(serving.key),
        }
        return self._component("kwok", flags, tls=False)

    def _metrics_server(self) -> Component:
        config = str(self.credentials.kubeconfig("system:metrics-server", ADMINISTRATORS))
        # The API server reaches it as localhost, and expects the name of its Service.
        serving = self.credentials.issue("metrics-server", hosts=("metrics-server.kube-system.svc",))
        flags: Flags = {
            **LISTEN,
            "secure-port": str(self.ports["metrics-server"]),
            "tls-cert-file": str(serving.certificate),
            "tls-private-key-file": str(serving.key),
            "kubeconfig": config,
            "authentication-kubeconfig": config,
            "authorization-kubeconfig": config,
            "kubelet-certificate-authority": str(self.credentials.authority),
            "kubelet-preferred-address-types": "InternalIP",
            "kubelet-use-node-status-port": True,
            "kubelet-request-timeout": f"{METRICS_SECONDS // 2}s",
            "metric-resolution": f"{METRICS_SECONDS}s",
        }
        return self._component("metrics-server", flags, health="/livez")

    def _karpenter(self) -> Component:
        """It makes simulated nodes; its settings are environment variables, as its chart has them."""
        environment = {
            "KUBECONFIG": str(self.credentials.kubeconfig("system:karpenter", ADMINISTRATORS)),
            "SYSTEM_NAMESPACE": "kube-system",
            "KARPENTER_SERVICE": "karpenter",
            "DISABLE_LEADER_ELECTION": "true",
            "HEALTH_PROBE_PORT": str(self.ports["karpenter"]),
            "METRICS_PORT": str(self.ports["karpenter-metrics"]),
            "BATCH_IDLE_DURATION": "1s",
            "BATCH_MAX_DURATION": "5s",
        }
        return self._component("karpenter", {}, tls=False, environment=environment)
