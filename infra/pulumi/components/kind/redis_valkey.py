"""Valkey in the cluster: what is in it can be made again, so one is enough here."""

import json

import pulumi
import pulumi_kubernetes as k8s
from pydantic import SecretStr

from components.access import Access, Destination, SecretKey
from components.kind.derived_password import derived_password
from components.kind.stores_namespace import STORES, let_the_shop_in
from components.microservice.container import locked_down, resources, unprivileged
from components.priorities import STORES as STORES_FIRST
from versions import REDIS_EXPORTER, VALKEY

core, meta = k8s.core.v1, k8s.meta.v1
NAME, PORT = "valkey", 6379
METRICS, METRICS_PORT = "metrics", 9121
LABELS = {"app.kubernetes.io/name": NAME}
SERVER_FILE, EXPORTER_FILE = "valkey.conf", "exporter.json"
ITSELF = f"redis://localhost:{PORT}"


class RedisValkey(pulumi.ComponentResource):
    """One server without persistence: holds are rebuilt from the ledger, caches are filled again.

    It has a password, a limit of memory, and says no instead of forgetting what it was told to keep.
    `shop` is the namespace where services find what leads to it.
    """

    def __init__(
        self,
        namespace: pulumi.Input[str],
        *,
        shop: pulumi.Input[str],
        memory_mib: int,
        secret: SecretStr,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:kind:RedisValkey", NAME, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._shop = shop
        self._password = derived_password(secret, "valkey")
        metadata = meta.ObjectMetaArgs(name=NAME, namespace=namespace, labels=LABELS)
        configuration = core.Secret(
            NAME,
            metadata=metadata,
            string_data={
                SERVER_FILE: pulumi.Output.concat(_configuration(memory_mib), self._password, "\n"),
                EXPORTER_FILE: self._password.apply(lambda password: json.dumps({ITSELF: password})),
            },
            opts=self._child,
        )
        core.Service(
            NAME,
            metadata=metadata,
            spec=core.ServiceSpecArgs(
                cluster_ip="None", selector=LABELS, ports=[core.ServicePortArgs(name="valkey", port=PORT)]
            ),
            opts=self._child,
        )
        k8s.apps.v1.StatefulSet(
            NAME,
            metadata=metadata,
            spec=k8s.apps.v1.StatefulSetSpecArgs(
                replicas=1,
                service_name=NAME,
                selector=meta.LabelSelectorArgs(match_labels=LABELS),
                template=core.PodTemplateSpecArgs(
                    metadata=meta.ObjectMetaArgs(labels=LABELS),
                    spec=_pod(configuration.metadata["name"], memory_mib),
                ),
            ),
            opts=self._child,
        )
        let_the_shop_in(NAME, namespace, LABELS, PORT, self._child, metrics_port=METRICS_PORT)
        self.register_outputs({})

    def access(self, workload: str) -> Access:
        """Its URL, with the password."""
        name = f"{workload.replace('_', '-')}-redis"
        url = pulumi.Output.concat("redis://:", self._password, f"@{NAME}.{STORES}.svc:{PORT}/0")
        secret = core.Secret(
            name,
            metadata=meta.ObjectMetaArgs(name=name, namespace=self._shop),
            string_data={"valkey_url": url},
            opts=self._child,
        )
        return Access(
            secrets={"valkey_url": SecretKey(secret.metadata["name"], "valkey_url")},
            destinations=(Destination(ports=(PORT,), namespace=STORES, pod_labels=LABELS),),
        )


def _configuration(memory_mib: int) -> str:
    """Ends where the password has to follow."""
    lines = ["save ''", "appendonly no", f"maxmemory {memory_mib}mb", "maxmemory-policy volatile-ttl"]
    return "\n".join([*lines, "requirepass "])


def _pod(configuration: pulumi.Input[str], memory_mib: int) -> core.PodSpecArgs:
    # Beside the data: buffers of its clients, and what its allocator cannot give back.
    probe = core.ProbeArgs(
        tcp_socket=core.TCPSocketActionArgs(port=PORT), period_seconds=5, timeout_seconds=2
    )
    return core.PodSpecArgs(
        automount_service_account_token=False,
        priority_class_name=STORES_FIRST,
        security_context=unprivileged(owns_volumes=True),
        containers=[
            core.ContainerArgs(
                name=NAME,
                image=VALKEY,
                args=["valkey-server", "/etc/valkey/valkey.conf"],
                ports=[core.ContainerPortArgs(name="valkey", container_port=PORT)],
                resources=resources(250, memory_mib * 3 // 2),
                readiness_probe=probe,
                liveness_probe=probe,
                security_context=locked_down(),
                volume_mounts=[
                    core.VolumeMountArgs(name="configuration", mount_path="/etc/valkey", read_only=True),
                    core.VolumeMountArgs(name="data", mount_path="/data"),
                ],
            ),
            _exporter(),
        ],
        volumes=[
            _file_of("configuration", configuration, SERVER_FILE),
            _file_of("exporter", configuration, EXPORTER_FILE),
            core.VolumeArgs(name="data", empty_dir=core.EmptyDirVolumeSourceArgs(size_limit="64Mi")),
        ],
    )


def _exporter() -> core.ContainerArgs:
    """Beside the server: what it tells of itself, for Prometheus. It reads the password from a file."""
    told = {
        "REDIS_ADDR": ITSELF,
        "REDIS_PASSWORD_FILE": f"/etc/exporter/{EXPORTER_FILE}",
        "REDIS_EXPORTER_WEB_LISTEN_ADDRESS": f":{METRICS_PORT}",
        "REDIS_EXPORTER_REDIS_ONLY_METRICS": "true",
    }
    return core.ContainerArgs(
        name="exporter",
        image=REDIS_EXPORTER,
        env=[core.EnvVarArgs(name=name, value=value) for name, value in told.items()],
        ports=[core.ContainerPortArgs(name=METRICS, container_port=METRICS_PORT)],
        resources=resources(20, 64),
        security_context=locked_down(),
        volume_mounts=[core.VolumeMountArgs(name="exporter", mount_path="/etc/exporter", read_only=True)],
    )


def _file_of(name: str, secret: pulumi.Input[str], key: str) -> core.VolumeArgs:
    items = [core.KeyToPathArgs(key=key, path=key)]
    return core.VolumeArgs(name=name, secret=core.SecretVolumeSourceArgs(secret_name=secret, items=items))
