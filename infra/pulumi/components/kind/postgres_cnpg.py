"""PostgreSQL in the cluster, by CloudNativePG. https://cloudnative-pg.io/docs/"""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s
from pydantic import SecretStr

from components.access import Access, Destination, SecretKey
from components.kind.barman_cloud import Backup, BarmanCloud
from components.kind.derived_password import derived_password
from components.kind.stores_namespace import STORES, let_the_shop_in
from components.priorities import STORES as STORES_FIRST
from components.release import release
from components.size import size
from versions import CLOUD_NATIVE_PG, CLOUD_NATIVE_PG_POSTGRES

NAME, PORT, METRICS_PORT = "postgres", 5432, 9187
API = "postgresql.cnpg.io/v1"
LABELS = {"cnpg.io/cluster": NAME}


class PostgresCnpg(pulumi.ComponentResource):
    """A primary and its replicas; a database, a role and a password for each service, and nobody else's.

    `shop` is the namespace where services find what leads to them. Without `backup` there is none.
    """

    def __init__(
        self,
        namespace: pulumi.Input[str],
        *,
        shop: pulumi.Input[str],
        owners: Sequence[str],
        instances: int,
        storage_gib: int,
        secret: SecretStr,
        memory_mib: int = 1024,
        backup: Backup | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:kind:PostgresCnpg", NAME, None, opts)
        self._namespace, self._shop, self._secret = namespace, shop, secret
        self._child = pulumi.ResourceOptions(parent=self)
        operator = release(
            CLOUD_NATIVE_PG,
            namespace=namespace,
            values={"resources": size(100, 256)},
            opts=self._child,
        )
        barman = BarmanCloud(namespace, backup, after=[operator], opts=self._child) if backup else None
        credentials = [self._credential(owner) for owner in owners]
        cluster = k8s.apiextensions.CustomResource(
            NAME,
            api_version=API,
            kind="Cluster",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=NAME, namespace=namespace),
            spec={
                "instances": instances,
                "imageName": CLOUD_NATIVE_PG_POSTGRES,
                "priorityClassName": STORES_FIRST,
                "storage": {"size": f"{storage_gib}Gi"},
                "resources": size(500, memory_mib),
                # A commit is on two machines before it counts, where there are two.
                "minSyncReplicas": min(1, instances - 1),
                "maxSyncReplicas": min(1, instances - 1),
                "postgresql": {"parameters": {"max_connections": "200"}},
                "managed": {"roles": [_role(owner) for owner in owners]},
                **({"plugins": [barman.archiver()]} if barman else {}),
            },
            # Of barman only what was made before: its schedule comes after the Cluster.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[operator, *credentials, *([barman.store] if barman else [])]
            ),
        )
        if barman:
            barman.make_copies(NAME, API, [cluster])
        for owner in owners:
            self._database(owner, cluster)
        let_the_shop_in(NAME, namespace, LABELS, PORT, self._child, metrics_port=METRICS_PORT)
        self.register_outputs({})

    def access(self, workload: str) -> Access:
        """Its own database on the primary, its own role."""
        url = pulumi.Output.concat(
            f"postgresql://{workload}:",
            self._password(workload),
            f"@{NAME}-rw.{STORES}.svc:{PORT}/{workload}",
        )
        name = f"{_dns(workload)}-postgres"
        secret = k8s.core.v1.Secret(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=name, namespace=self._shop),
            string_data={"database_url": url},
            opts=self._child,
        )
        return Access(
            secrets={"database_url": SecretKey(secret.metadata["name"], "database_url")},
            destinations=(Destination(ports=(PORT,), namespace=STORES, pod_labels=LABELS),),
        )

    def _password(self, owner: str) -> pulumi.Output[str]:
        return derived_password(self._secret, f"postgres/{owner}")

    def _credential(self, owner: str) -> k8s.core.v1.Secret:
        name = _credential_name(owner)
        return k8s.core.v1.Secret(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=name, namespace=self._namespace, labels={"cnpg.io/reload": "true"}
            ),
            type="kubernetes.io/basic-auth",
            string_data={"username": owner, "password": self._password(owner)},
            opts=self._child,
        )

    def _database(self, owner: str, cluster: pulumi.Resource) -> None:
        k8s.apiextensions.CustomResource(
            f"database-{_dns(owner)}",
            api_version=API,
            kind="Database",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=_dns(owner), namespace=self._namespace),
            spec={"cluster": {"name": NAME}, "name": owner, "owner": owner},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[cluster]),
        )


def _role(owner: str) -> dict[str, object]:
    return {
        "name": owner,
        "ensure": "present",
        "login": True,
        "passwordSecret": {"name": _credential_name(owner)},
    }


def _credential_name(owner: str) -> str:
    return f"role-{_dns(owner)}"


def _dns(name: str) -> str:
    return name.replace("_", "-")
