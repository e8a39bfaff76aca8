"""Neo4j in the cluster, by its own chart, on kind as on AWS. https://neo4j.com/docs/operations-manual/5/kubernetes/

Community Edition: one server, one database, one user, no backup while it runs (docs/adr/0035).
"""

from collections.abc import Mapping
from typing import Any, Protocol

import pulumi
import pulumi_kubernetes as k8s

from components.access import Access, Destination, SecretKey
from components.kind.stores_namespace import let_the_shop_in
from components.priorities import STORES as STORES_FIRST
from components.release import release
from components.shop_namespace import RESTRICTED
from components.size import size
from versions import NEO4J

meta = k8s.meta.v1
NAMESPACE = "graph"
NAME, PORT = "neo4j", 7687
USER = "neo4j"
LABELS = {"app": NAME, "helm.neo4j.com/instance": NAME}
PASSWORD = "neo4j-password"  # noqa: S105 - the name of a Secret
# Half of the memory is heap, a quarter the page cache; the rest is the virtual machine's own.
HEAP_SHARE, PAGES_SHARE = 2, 4


class PasswordSecret(Protocol):
    """A password that is written into Secrets: derived on kind, of Secrets Manager on AWS."""

    def put(
        self, name: str, namespace: pulumi.Input[str], key: str, text: str, opts: pulumi.ResourceOptions
    ) -> SecretKey:
        """A Secret whose `key` is the text, in which `{}` stands for the password."""


class GraphNeo4j(pulumi.ComponentResource):
    """One server with a disk, in a namespace of its own, which only the shop reaches, by Bolt.

    Services that use it share its only user and its only database. `shop` is the namespace where they find
    what leads to it. The password is that of the first start; later ones are told to Neo4j by hand.
    """

    def __init__(
        self,
        *,
        shop: pulumi.Input[str],
        password: PasswordSecret,
        storage_gib: int,
        memory_mib: int,
        storage_class: str | None = None,
        node_labels: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:platform:GraphNeo4j", "graph", None, opts)
        self._shop, self._password = shop, password
        self._child = pulumi.ResourceOptions(parent=self)
        namespace = k8s.core.v1.Namespace(
            NAMESPACE,
            metadata=meta.ObjectMetaArgs(name=NAMESPACE, labels=RESTRICTED),
            opts=self._child,
        ).metadata["name"]
        password.put(PASSWORD, namespace, "NEO4J_AUTH", f"{USER}/{{}}", self._child)
        # The chart runs its pod as an account that it is told, and makes none: this one gets no token.
        account = k8s.core.v1.ServiceAccount(
            NAME,
            metadata=meta.ObjectMetaArgs(name=NAME, namespace=namespace),
            automount_service_account_token=False,
            opts=self._child,
        )
        let_the_shop_in(NAME, namespace, LABELS, PORT, self._child)
        release(
            NEO4J,
            namespace=namespace,
            values={
                **_values(storage_gib, memory_mib, storage_class),
                # None stands in for the only server: it may be wanted off nodes that are taken away.
                "nodeSelector": dict(node_labels or {}),
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[account]),
        )
        self.register_outputs({})

    def access(self, workload: str) -> Access:
        """The URL of the only database, with the only user; plain, since nothing but the shop is let in."""
        secret = self._password.put(
            f"{workload}-graph".replace("_", "-"),
            self._shop,
            "graph_url",
            f"bolt://{USER}:{{}}@{NAME}.{NAMESPACE}.svc:{PORT}",
            self._child,
        )
        return Access(
            secrets={"graph_url": secret},
            destinations=(Destination(ports=(PORT,), namespace=NAMESPACE, pod_labels=LABELS),),
        )


def _values(storage_gib: int, memory_mib: int, storage_class: str | None) -> Mapping[str, Any]:
    return {
        # The Secret may come a moment later than the chart, which would refuse; its pod waits for it.
        "disableLookups": True,
        "neo4j": {
            "name": NAME,
            "edition": "community",
            "passwordFromSecret": PASSWORD,
            "resources": size(500, memory_mib),
        },
        "volumes": {"data": _disk(storage_gib, storage_class)},
        # Unasked the chart opens a load balancer to the internet.
        "services": {"neo4j": {"enabled": False, "cleanup": {"enabled": False}}},
        "config": {
            "server.memory.heap.initial_size": f"{memory_mib // HEAP_SHARE}m",
            "server.memory.heap.max_size": f"{memory_mib // HEAP_SHARE}m",
            "server.memory.pagecache.size": f"{memory_mib // PAGES_SHARE}m",
            "dbms.usage_report.enabled": "false",
        },
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "containerSecurityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        "podSpec": {
            "priorityClassName": STORES_FIRST,
            "serviceAccountName": NAME,
            "loadbalancer": "exclude",
            "terminationGracePeriodSeconds": 300,
        },
        "logInitialPassword": False,
    }


def _disk(storage_gib: int, storage_class: str | None) -> Mapping[str, Any]:
    requests = {"requests": {"storage": f"{storage_gib}Gi"}}
    if storage_class is None:
        return {"mode": "defaultStorageClass", "defaultStorageClass": requests}
    return {"mode": "dynamic", "dynamic": {"storageClassName": storage_class, **requests}}
