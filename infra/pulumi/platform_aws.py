"""What the shop stands on at AWS: managed stores, its secrets, its name and its load balancer."""

from collections.abc import Sequence

import pulumi

from components.aws.certificate import Certificate
from components.aws.cloud_watch import CloudWatch
from components.aws.configured_secrets import ConfiguredSecrets
from components.aws.credential import Credential
from components.aws.document_db import DocumentDb
from components.aws.external_dns import ExternalDns
from components.aws.external_secrets import ExternalSecrets
from components.aws.fluent_bit import FluentBit
from components.aws.kafka_msk import KafkaMsk
from components.aws.load_balancer import LoadBalancerController, public_service
from components.aws.managed_secret import ManagedSecret
from components.aws.node_group import CAPACITY
from components.aws.open_search import OpenSearch
from components.aws.postgres_aurora import PostgresAurora, max_connections
from components.aws.redis_elasticache import RedisElastiCache
from components.aws.store import Setting, credentials
from components.aws.store_queries import aws_stores
from components.aws.volumes import NAME as VOLUMES
from components.graph_neo4j import USER as GRAPH_USER
from components.graph_neo4j import GraphNeo4j
from components.metrics import Metrics
from components.watching.receivers import KEY, SECRET
from foundation_aws import Foundation
from platforms import Platform, StoreComponent
from settings import Aws, Settings
from workloads import GATEWAY, Store, Workload


def aws_platform(
    settings: Settings,
    of_aws: Aws,
    foundation: Foundation,
    namespace: pulumi.Input[str],
    workloads: Sequence[Workload],
    metrics: Metrics,
) -> Platform:
    """The stores of the services, each with a user for each, and what leads the internet to the gateway.

    `metrics` reads the stores, and is told whom alerts reach.
    """
    name, opts = foundation.name, foundation.options
    setting = Setting(
        name,
        foundation.network,
        foundation.cluster,
        foundation.key_arn,
        settings.production,
        of_aws.retention_days,
        namespace,
    )
    stores, secret_arns = _stores(setting, settings, of_aws, workloads, opts)
    graph_user = _graph_user(setting, settings, opts)
    secret_arns += [graph_user.arn] if graph_user else []
    configured = ConfiguredSecrets(setting, settings.secrets, opts)
    receiver = _receiver(setting, settings, opts)
    _logs(setting, settings, of_aws, foundation)
    CloudWatch(
        name,
        region=of_aws.region,
        cluster_name=foundation.cluster.name,
        tags=foundation.tags,
        metrics=metrics,
        opts=opts,
    )
    secrets = ExternalSecrets(
        name,
        region=of_aws.region,
        cluster_name=foundation.cluster.name,
        secret_arns=[*secret_arns, *configured.secret_arns, *(receiver.secret_arns if receiver else [])],
        key_arn=foundation.key_arn,
        opts=opts,
    )
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[secrets]))
    if receiver:
        receiver.put_into(metrics.namespace, after)
    postgres = stores["postgres"]
    if isinstance(postgres, PostgresAurora):
        databases = postgres.make_databases(after)
        after = pulumi.ResourceOptions.merge(after, pulumi.ResourceOptions(depends_on=[databases]))
    if graph_user:
        stores["graph"] = graph = _graph(setting, settings, graph_user, after)
        after = pulumi.ResourceOptions.merge(after, pulumi.ResourceOptions(depends_on=[graph]))
    public = _public(settings, of_aws, foundation)
    figures = aws_stores(max_connections(of_aws.postgres_instance_class))
    return Platform(stores, configured.put_into(namespace, after), figures, public, after)


def _receiver(setting: Setting, settings: Settings, opts: pulumi.ResourceOptions) -> ConfiguredSecrets | None:
    if settings.alerts_secret is None:
        return None
    return ConfiguredSecrets(setting, {KEY: settings.alerts_secret}, opts, name=SECRET)


def _stores(
    setting: Setting,
    settings: Settings,
    of_aws: Aws,
    workloads: Sequence[Workload],
    opts: pulumi.ResourceOptions,
) -> tuple[dict[Store, StoreComponent], list[pulumi.Output[str]]]:
    sizes, users = settings.stores, _users(workloads)
    postgres = PostgresAurora(
        setting,
        instances=sizes.postgres_instances,
        instance_class=of_aws.postgres_instance_class,
        authority=of_aws.postgres_authority,
        users=users["postgres"],
        opts=opts,
    )
    redis = RedisElastiCache(
        setting,
        node_type=of_aws.redis_node_type,
        replicas=sizes.redis_replicas,
        users=users["redis"],
        opts=opts,
    )
    kafka = KafkaMsk(
        setting,
        brokers=sizes.kafka_brokers,
        instance_type=of_aws.kafka_instance_type,
        storage_gib=sizes.kafka_storage_gib,
        users=users["kafka"],
        opts=opts,
    )
    stores: dict[Store, StoreComponent] = {"postgres": postgres, "redis": redis, "kafka": kafka}
    secret_arns = [*postgres.secret_arns, *redis.secret_arns, *kafka.secret_arns]
    if sizes.documents:
        documents = DocumentDb(
            setting,
            instances=sizes.documents_members,
            instance_class=of_aws.documents_instance_class,
            opts=opts,
        )
        stores["documents"] = documents
        secret_arns += documents.secret_arns
    return stores, secret_arns


def _graph_user(setting: Setting, settings: Settings, opts: pulumi.ResourceOptions) -> Credential | None:
    return credentials(setting, "graph", [GRAPH_USER], opts)[GRAPH_USER] if settings.stores.graph else None


def _graph(
    setting: Setting, settings: Settings, user: Credential, opts: pulumi.ResourceOptions
) -> GraphNeo4j:
    """In the cluster, for AWS runs none of it; secrets have to be readable by now."""
    return GraphNeo4j(
        shop=setting.namespace,
        password=ManagedSecret(user.secret_name),
        storage_gib=settings.stores.graph_storage_gib,
        memory_mib=settings.stores.graph_memory_mib,
        storage_class=VOLUMES,
        node_labels={CAPACITY: "on-demand"},
        opts=opts,
    )


def _users(workloads: Sequence[Workload]) -> dict[Store, list[str]]:
    stores: tuple[Store, ...] = ("postgres", "redis", "kafka")
    return {store: [each.name for each in (*workloads, GATEWAY) if store in each.stores] for store in stores}


def _logs(setting: Setting, settings: Settings, of_aws: Aws, foundation: Foundation) -> None:
    if settings.observability.logs == "opensearch":
        domain = OpenSearch(
            setting,
            region=of_aws.region,
            account=foundation.account,
            instance_type=of_aws.logs_instance_type,
            nodes=3,
            storage_gib=of_aws.logs_storage_gib,
            opts=foundation.options,
        )
        FluentBit(setting.name, endpoint=domain.endpoint, region=of_aws.region, opts=foundation.options)


def _public(settings: Settings, of_aws: Aws, foundation: Foundation) -> dict[str, pulumi.Input[str]]:
    name, opts = foundation.name, foundation.options
    LoadBalancerController(
        name,
        region=of_aws.region,
        cluster_name=foundation.cluster.name,
        vpc_id=foundation.network.vpc_id,
        opts=opts,
    )
    ExternalDns(
        name,
        cluster_name=foundation.cluster.name,
        domain=settings.domain,
        hosted_zone_id=of_aws.hosted_zone_id,
        opts=opts,
    )
    certificate = Certificate(name, domain=settings.domain, hosted_zone_id=of_aws.hosted_zone_id, opts=opts)
    return dict(public_service(settings.domain, certificate.arn, production=settings.production))
