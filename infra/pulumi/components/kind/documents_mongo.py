"""MongoDB in the cluster, by MongoDB's own operator. https://www.mongodb.com/docs/kubernetes/current/

What the operator names is named here after its source: controllers/construct/mongodbstatefulset.go.
"""

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pydantic import SecretStr

from components.access import Access, Destination, SecretKey
from components.kind.derived_password import derived_password
from components.kind.stores_namespace import STORES, let_the_shop_in
from components.priorities import STORES as STORES_FIRST
from components.release import release
from components.size import size
from versions import MONGODB, MONGODB_IMAGE_TYPE, MONGODB_OPERATOR

core, meta = k8s.core.v1, k8s.meta.v1
NAME, PORT = "documents", 27017
API = "mongodbcommunity.mongodb.com/v1"
SERVICE = f"{NAME}-svc"
LABELS = {"app": SERVICE}
INITIAL = ("mongod-posthook", "mongodb-agent-readinessprobe")
LOGS_GIB = 2


class DocumentsMongo(pulumi.ComponentResource):
    """A replica set, spread over zones; for each owner a database, and a user who may use that alone.

    `shop` is the namespace where services find what leads to it. Users sign in by SCRAM.
    """

    def __init__(
        self,
        namespace: pulumi.Input[str],
        *,
        shop: pulumi.Input[str],
        owners: Sequence[str],
        members: int,
        storage_gib: int,
        secret: SecretStr,
        memory_mib: int = 1024,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:kind:DocumentsMongo", NAME, None, opts)
        self._namespace, self._shop, self._secret = namespace, shop, secret
        self._members = members
        self._child = pulumi.ResourceOptions(parent=self)
        operator = release(
            MONGODB_OPERATOR,
            namespace=namespace,
            values={
                "operator": {
                    "watchedResources": ["mongodbcommunity"],
                    "enableClusterMongoDBRoles": False,
                    "telemetry": {"enabled": False},
                    "resources": size(100, 256),
                },
                "community": {"mongodb": {"imageType": MONGODB_IMAGE_TYPE}},
            },
            opts=self._child,
        )
        credentials = [self._credential(owner) for owner in owners]
        k8s.apiextensions.CustomResource(
            NAME,
            api_version=API,
            kind="MongoDBCommunity",
            metadata=meta.ObjectMetaArgs(name=NAME, namespace=namespace),
            spec={
                "type": "ReplicaSet",
                "version": MONGODB,
                "members": members,
                "security": {"authentication": {"modes": ["SCRAM"]}},
                "users": [_user(owner) for owner in owners],
                "statefulSet": {"spec": _stateful_set(storage_gib, memory_mib)},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[operator, *credentials]),
        )
        let_the_shop_in(NAME, namespace, LABELS, PORT, self._child)
        self._keep_a_majority()
        self.register_outputs({})

    def access(self, workload: str) -> Access:
        """The URL of its own database, which names every member: a driver finds the primary."""
        hosts = ",".join(f"{NAME}-{at}.{SERVICE}.{STORES}.svc:{PORT}" for at in range(self._members))
        url = pulumi.Output.concat(
            f"mongodb://{workload}:", self._password(workload), f"@{hosts}/{workload}?replicaSet={NAME}"
        )
        name = f"{_dns(workload)}-{NAME}"
        secret = core.Secret(
            name,
            metadata=meta.ObjectMetaArgs(name=name, namespace=self._shop),
            string_data={"documents_url": url},
            opts=self._child,
        )
        return Access(
            secrets={"documents_url": SecretKey(secret.metadata["name"], "documents_url")},
            destinations=(Destination(ports=(PORT,), namespace=STORES, pod_labels=LABELS),),
        )

    def _password(self, owner: str) -> pulumi.Output[str]:
        return derived_password(self._secret, f"{NAME}/{owner}")

    def _credential(self, owner: str) -> core.Secret:
        name = _credential_name(owner)
        return core.Secret(
            name,
            metadata=meta.ObjectMetaArgs(name=name, namespace=self._namespace),
            string_data={"password": self._password(owner)},
            opts=self._child,
        )

    def _keep_a_majority(self) -> None:
        """Of the members one at a time is moved off its node: the operator has no budget of its own."""
        k8s.policy.v1.PodDisruptionBudget(
            NAME,
            metadata=meta.ObjectMetaArgs(name=NAME, namespace=self._namespace),
            spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(
                max_unavailable=1, selector=meta.LabelSelectorArgs(match_labels=LABELS)
            ),
            opts=self._child,
        )


def _user(owner: str) -> dict[str, Any]:
    """Kept in its own database, so that a URL without `authSource` signs it in there."""
    return {
        "name": owner,
        "db": owner,
        "passwordSecretRef": {"name": _credential_name(owner)},
        "roles": [{"name": "readWrite", "db": owner}],
        "scramCredentialsSecretName": _credential_name(owner),
        "connectionStringSecretName": f"{_credential_name(owner)}-connection",
    }


def _stateful_set(storage_gib: int, memory_mib: int) -> dict[str, Any]:
    """What is ours in the operator's StatefulSet, which it merges by the names of containers and claims."""
    pod = {
        "priorityClassName": STORES_FIRST,
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": LABELS},
            }
        ],
        "containers": [
            {"name": "mongod", "resources": size(500, memory_mib)},
            {"name": "mongodb-agent", "resources": size(100, 256)},
        ],
        "initContainers": [{"name": name, "resources": size(50, 64)} for name in INITIAL],
    }
    claims = [_claim("data-volume", storage_gib), _claim("logs-volume", LOGS_GIB)]
    return {"template": {"spec": pod}, "volumeClaimTemplates": claims}


def _claim(name: str, gib: int) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": f"{gib}Gi"}},
        },
    }


def _credential_name(owner: str) -> str:
    return f"{NAME}-user-{_dns(owner)}"


def _dns(name: str) -> str:
    return name.replace("_", "-")
