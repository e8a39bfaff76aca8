"""What a lab consists of: the programs with their flags, and who needs whom."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tools.devstack.ports import LOOPBACK
from tools.devstack.unit import Unit
from tools.kubelab import keda
from tools.kubelab.component import Component
from tools.kubelab.furnishing import Aggregated
from tools.kubelab.site import LISTEN, Flags, Site

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
    *keda.PORTS,
)
SERVICE_RANGE = "10.96.0.0/16"
# The autoscaler looks each 15 s by default; a lab has less patience.
AUTOSCALER_SECONDS = 5
METRICS_SECONDS = 10
ALONE: Flags = {"leader-elect": False}


@dataclass(frozen=True)
class Plan:
    """How one lab is started, and what it has beside the control plane."""

    site: Site
    karpenter: bool = False
    keda: bool = False

    @property
    def aggregated(self) -> list[Aggregated]:
        """What the API server hands on to others."""
        served = [("metrics.k8s.io", "metrics-server"), *([(keda.GROUP, keda.ADAPTER)] if self.keda else [])]
        return [Aggregated(group, name, self.site.ports[name]) for group, name in served]

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
            *(keda.keda(self.site) if self.keda else []),
        ]
        return [self._unit(component, needs, furnish) for component, needs in parts]

    def _unit(
        self, component: Component, needs: tuple[str, ...], furnish: Callable[[], Awaitable[None]]
    ) -> Unit:
        log = self.site.folder / "logs" / f"{component.name}.log"
        if component.name == "kube-apiserver":
            return Unit(component, log, needs, after_ready=furnish)
        return Unit(component, log, needs)

    def _etcd(self) -> Component:
        clients, peers = (f"http://{self.site.at(name)}" for name in ("etcd", "etcd-peers"))
        flags: Flags = {
            "data-dir": str(self.site.folder / "etcd" / "data"),
            "listen-client-urls": clients,
            "advertise-client-urls": clients,
            "listen-peer-urls": peers,
            "initial-advertise-peer-urls": peers,
            "initial-cluster": f"default={peers}",
            "unsafe-no-fsync": True,  # what it holds ends with the lab
        }
        return self.site.component("etcd", flags, health="/health", tls=False)

    def _apiserver(self) -> Component:
        who, authority = self.site.credentials, str(self.site.credentials.authority)
        serving, proxy = who.issue("kube-apiserver"), who.issue("front-proxy")
        flags: Flags = {
            **LISTEN,
            "secure-port": str(self.site.ports["kube-apiserver"]),
            "advertise-address": LOOPBACK,
            "endpoint-reconciler-type": "none",
            "etcd-servers": f"http://{self.site.at('etcd')}",
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
        return self.site.component("kube-apiserver", flags, health="/readyz")

    def _controller_manager(self) -> Component:
        flags: Flags = {
            **LISTEN,
            **ALONE,
            "secure-port": str(self.site.ports["kube-controller-manager"]),
            "kubeconfig": str(self.site.credentials.kubeconfig("system:kube-controller-manager")),
            "use-service-account-credentials": True,
            "service-account-private-key-file": str(self.site.credentials.service_accounts.key),
            "root-ca-file": str(self.site.credentials.authority),
            "horizontal-pod-autoscaler-sync-period": f"{AUTOSCALER_SECONDS}s",
        }
        return self.site.component("kube-controller-manager", flags)

    def _scheduler(self) -> Component:
        flags: Flags = {
            **LISTEN,
            **ALONE,
            "secure-port": str(self.site.ports["kube-scheduler"]),
            "kubeconfig": str(self.site.credentials.kubeconfig("system:kube-scheduler")),
        }
        return self.site.component("kube-scheduler", flags)

    def _kwok(self) -> Component:
        port, serving = str(self.site.ports["kwok"]), self.site.credentials.issue("kwok")
        flags: Flags = {
            "kubeconfig": self.site.administrator("kwok"),
            "config": str(self.site.built.simulation),
            "manage-all-nodes": True,
            "node-ip": LOOPBACK,
            "node-lease-duration-seconds": "40",
            "node-port": port,
            "server-address": self.site.at("kwok"),
            "tls-cert-file": str(serving.certificate),
            "tls-private-key-file": str(serving.key),
        }
        return self.site.component("kwok", flags, tls=False)

    def _metrics_server(self) -> Component:
        flags: Flags = {
            **self.site.aggregated("metrics-server"),
            "kubeconfig": self.site.administrator("metrics-server"),
            "kubelet-certificate-authority": str(self.site.credentials.authority),
            "kubelet-preferred-address-types": "InternalIP",
            "kubelet-use-node-status-port": True,
            "kubelet-request-timeout": f"{METRICS_SECONDS // 2}s",
            "metric-resolution": f"{METRICS_SECONDS}s",
        }
        return self.site.component("metrics-server", flags, health="/livez")

    def _karpenter(self) -> Component:
        """It makes simulated nodes; its settings are environment variables, as its chart has them."""
        environment = {
            "KUBECONFIG": self.site.administrator("karpenter"),
            "SYSTEM_NAMESPACE": "kube-system",
            "KARPENTER_SERVICE": "karpenter",
            "DISABLE_LEADER_ELECTION": "true",
            "HEALTH_PROBE_PORT": str(self.site.ports["karpenter"]),
            "METRICS_PORT": str(self.site.ports["karpenter-metrics"]),
            "BATCH_IDLE_DURATION": "1s",
            "BATCH_MAX_DURATION": "5s",
        }
        return self.site.component("karpenter", {}, tls=False, environment=environment)
