"""What the shop stands on in a cluster of kind: stores in the cluster, secrets of the configuration."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s
from pydantic import SecretStr

from components.access import SecretKey
from components.cert_manager import CertManager
from components.graph_neo4j import GraphNeo4j
from components.kind.barman_cloud import Backup
from components.kind.derived_password import derived_password
from components.kind.derived_secret import DerivedSecret
from components.kind.documents_mongo import DocumentsMongo
from components.kind.edge_certificate import EdgeCertificate
from components.kind.kafka_strimzi import KafkaStrimzi
from components.kind.postgres_cnpg import PostgresCnpg
from components.kind.redis_valkey import RedisValkey
from components.kind.store_monitors import StoreMonitors
from components.kind.store_queries import kind_stores
from components.kind.stores_namespace import StoresNamespace
from components.metrics import Metrics
from components.watching.receivers import KEY, SECRET
from platforms import Platform, StoreComponent
from settings import Settings
from workloads import Store, Workload

CONFIGURED = "configured"


def kind_platform(
    settings: Settings,
    namespace: pulumi.Input[str],
    workloads: Sequence[Workload],
    cert_manager: CertManager | None,
    metrics: Metrics,
) -> Platform:
    """All of it in the cluster; its passwords are derived from the signing key.

    `metrics` reads the stores, and is told whom alerts reach.
    """
    stores_in = StoresNamespace().name
    sizes = settings.stores
    owners = [each.name for each in workloads if "postgres" in each.stores]
    postgres = PostgresCnpg(
        stores_in,
        shop=namespace,
        owners=owners,
        instances=sizes.postgres_instances,
        storage_gib=sizes.postgres_storage_gib,
        secret=settings.signing_key,
        backup=_backup(settings, cert_manager),
    )
    kafka = KafkaStrimzi(stores_in, brokers=sizes.kafka_brokers, storage_gib=sizes.kafka_storage_gib)
    redis = RedisValkey(
        stores_in, shop=namespace, memory_mib=sizes.redis_memory_mib, secret=settings.signing_key
    )
    by_switch = _by_switch(settings, stores_in, namespace, workloads)
    stores: Mapping[Store, StoreComponent] = {
        "postgres": postgres,
        "kafka": kafka,
        "redis": redis,
        **by_switch,
    }
    if settings.alerts_secret is not None:
        _secret(SECRET, {KEY: settings.alerts_secret}, metrics.namespace)
    StoreMonitors(stores_in, after=[metrics])
    certificate = _edge(settings, namespace, cert_manager)
    before = [postgres, kafka, redis, *by_switch.values(), *([certificate] if certificate else [])]
    return Platform(
        stores,
        _secret(CONFIGURED, settings.secrets, namespace),
        kind_stores(),
        options=pulumi.ResourceOptions(depends_on=before),
        edge=certificate.access() if certificate else None,
    )


def _backup(settings: Settings, cert_manager: CertManager | None) -> Backup | None:
    """The settings have both keys, or neither and no backup."""
    wanted, key_id, key = (
        settings.stores.postgres_backup,
        settings.backup_access_key_id,
        settings.backup_secret_access_key,
    )
    if wanted is None or key_id is None or key is None or cert_manager is None:
        return None
    return Backup(wanted, key_id, key, cert_manager)


def _by_switch(
    settings: Settings,
    stores_in: pulumi.Input[str],
    namespace: pulumi.Input[str],
    workloads: Sequence[Workload],
) -> dict[Store, DocumentsMongo | GraphNeo4j]:
    """The stores that not every shop needs."""
    sizes = settings.stores
    made: dict[Store, DocumentsMongo | GraphNeo4j] = {}
    if sizes.documents:
        made["documents"] = DocumentsMongo(
            stores_in,
            shop=namespace,
            owners=[each.name for each in workloads if "documents" in each.stores],
            members=sizes.documents_members,
            storage_gib=sizes.documents_storage_gib,
            secret=settings.signing_key,
        )
    if sizes.graph:
        made["graph"] = GraphNeo4j(
            shop=namespace,
            password=DerivedSecret(derived_password(settings.signing_key, "neo4j")),
            storage_gib=sizes.graph_storage_gib,
            memory_mib=sizes.graph_memory_mib,
        )
    return made


def _edge(
    settings: Settings, namespace: pulumi.Input[str], cert_manager: CertManager | None
) -> EdgeCertificate | None:
    """Without `edge` the door speaks plain HTTP."""
    if settings.edge is None or cert_manager is None:
        return None
    return EdgeCertificate(
        cert_manager,
        namespace,
        hosts=[settings.domain, *settings.edge.more_hosts],
        days=settings.edge.certificate_days,
        renew_before_days=settings.edge.renew_before_days,
    )


def _secret(name: str, values: Mapping[str, SecretStr], namespace: pulumi.Input[str]) -> dict[str, SecretKey]:
    """Secrets of the configuration, in a Secret of a namespace."""
    secret = k8s.core.v1.Secret(
        name,
        metadata=k8s.meta.v1.ObjectMetaArgs(name=name, namespace=namespace),
        string_data={key: pulumi.Output.secret(value.get_secret_value()) for key, value in values.items()},
    )
    return {key: SecretKey(secret.metadata["name"], key) for key in values}
