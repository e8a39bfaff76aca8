"""PostgreSQL by Amazon Aurora."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from components.access import SECRETS_FOLDER, Access, SecretKey
from components.aws.external_secret import external_secret
from components.aws.iam import trust
from components.aws.node_pool import vcpus
from components.aws.service_databases import ServiceDatabases
from components.aws.store import Setting, credentials, destinations, guard, log_group
from versions import AURORA_POSTGRES

PORT = 5432
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Managing.html
BYTES_OF_A_CONNECTION, MOST_CONNECTIONS = 9_531_392, 5000
GIB_OF_A_VCPU = {"r": 8, "x": 16}
GIB_OF_A_SMALL_ONE = {"medium": 4, "large": 8}
ENGINE = aws.rds.EngineType.AURORA_POSTGRESQL
MASTER = "seawall_admin"
AUTHORITY = "postgres-authority"
MONITORING = "service-role/AmazonRDSEnhancedMonitoringRole"


def max_connections(instance_class: str) -> int:
    """How many a server takes, by Aurora's default: as many as its memory has room for.

    Raises ValueError for a class whose memory its name does not tell.
    """
    _, family, size = (*instance_class.split("."), "", "")[:3]
    if family.startswith("t") and size in GIB_OF_A_SMALL_ONE:
        gib = GIB_OF_A_SMALL_ONE[size]
    elif family[:1] in GIB_OF_A_VCPU and (size == "large" or size.endswith("xlarge")):
        gib = GIB_OF_A_VCPU[family[0]] * vcpus(f"{family}.{size}")
    else:
        raise ValueError(f"aws.postgres_instance_class: {instance_class}: its memory is not told by its name")
    return min(gib * 2**30 // BYTES_OF_A_CONNECTION, MOST_CONNECTIONS)


class PostgresAurora(pulumi.ComponentResource):
    """One cluster: a writer and readers in other zones, one of which takes over.

    Each service has a database and a role of its own there, whose password is in Secrets Manager. Plain
    connections are refused; clients check the certificate by `authority`, the bundle of AWS for the region.
    """

    secret_arns: list[pulumi.Output[str]]

    def __init__(
        self,
        setting: Setting,
        *,
        instances: int,
        instance_class: str,
        authority: str,
        users: Sequence[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:PostgresAurora", f"{setting.name}-postgres", None, opts)
        self._setting, self._child = setting, pulumi.ResourceOptions(parent=self)
        self._label = f"{setting.name}-postgres"
        self._authority = authority
        self._cluster = self._make_cluster()
        self._add_instances(instances, instance_class)
        self._users = credentials(setting, "postgres", users, self._child)
        self._master_arn = self._cluster.master_user_secrets[0].secret_arn.apply(str)
        self.secret_arns = [self._master_arn, *(each.arn for each in self._users.values())]
        self.register_outputs({"endpoint": self._cluster.endpoint})

    def make_databases(self, opts: pulumi.ResourceOptions) -> ServiceDatabases:
        """The Job that makes the databases and roles of all users; secrets have to be readable by now."""
        k8s.core.v1.Secret(
            AUTHORITY,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=AUTHORITY, namespace=self._setting.namespace),
            string_data={"ca.pem": self._authority},
            opts=pulumi.ResourceOptions.merge(self._child, opts),
        )
        return ServiceDatabases(
            self._setting,
            host=self._cluster.endpoint,
            authority=self._authority,
            master_secret=self._master_arn,
            users=self._users,
            opts=pulumi.ResourceOptions.merge(self._child, opts),
        )

    def access(self, workload: str) -> Access:
        """The URL of its own database on the writer, and the authority that its certificate is checked by."""
        path = f"{SECRETS_FOLDER}/postgres_authority"
        url = pulumi.Output.concat(
            "postgresql://{{ .username }}:{{ .password }}@",
            self._cluster.endpoint,
            f":{PORT}/{workload}?sslmode=verify-full&sslrootcert={path}",
        )
        secrets = external_secret(
            f"{workload}-postgres".replace("_", "-"),
            namespace=self._setting.namespace,
            remote=self._users[workload].secret_name,
            data={"database_url": url},
            opts=self._child,
        )
        files = {"postgres_authority": SecretKey(AUTHORITY, "ca.pem")}
        return Access(secrets=secrets, files=files, destinations=destinations(self._setting, PORT))

    def _make_cluster(self) -> aws.rds.Cluster:
        setting, label = self._setting, self._label
        subnets = aws.rds.SubnetGroup(label, subnet_ids=setting.network.data.ids, opts=self._child)
        parameters = aws.rds.ClusterParameterGroup(
            label,
            family=f"{ENGINE.value}{AURORA_POSTGRES.partition('.')[0]}",
            parameters=[
                aws.rds.ClusterParameterGroupParameterArgs(name="rds.force_ssl", value="1"),
                aws.rds.ClusterParameterGroupParameterArgs(name="log_min_duration_statement", value="1000"),
            ],
            opts=self._child,
        )
        logs = log_group(setting, "postgres", f"/aws/rds/cluster/{label}/postgresql", self._child)
        return aws.rds.Cluster(
            label,
            cluster_identifier=label,
            engine=ENGINE,
            engine_version=AURORA_POSTGRES,
            master_username=MASTER,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=setting.key_arn,
            db_subnet_group_name=subnets.name,
            db_cluster_parameter_group_name=parameters.name,
            vpc_security_group_ids=[guard(setting, "postgres", [PORT], self._child).id],
            storage_encrypted=True,
            kms_key_id=setting.key_arn,
            iam_database_authentication_enabled=False,
            backup_retention_period=setting.backup_days,
            preferred_backup_window="02:00-03:00",
            preferred_maintenance_window="tue:03:30-tue:04:30",
            copy_tags_to_snapshot=True,
            deletion_protection=setting.production,
            skip_final_snapshot=not setting.production,
            final_snapshot_identifier=f"{label}-final" if setting.production else None,
            enabled_cloudwatch_logs_exports=["postgresql"],
            opts=pulumi.ResourceOptions(parent=self, protect=setting.production, depends_on=[logs]),
        )

    def _add_instances(self, instances: int, instance_class: str) -> None:
        role = aws.iam.Role(
            f"{self._label}-monitoring",
            assume_role_policy=trust("monitoring.rds.amazonaws.com"),
            opts=self._child,
        )
        aws.iam.RolePolicyAttachment(
            f"{self._label}-monitoring",
            role=role.name,
            policy_arn=f"arn:aws:iam::aws:policy/{MONITORING}",
            opts=self._child,
        )
        for at in range(instances):
            aws.rds.ClusterInstance(
                f"{self._label}-{at}",
                cluster_identifier=self._cluster.id,
                engine=ENGINE,
                engine_version=AURORA_POSTGRES,
                instance_class=instance_class,
                publicly_accessible=False,
                performance_insights_enabled=True,
                performance_insights_kms_key_id=self._setting.key_arn,
                monitoring_interval=60,
                monitoring_role_arn=role.arn,
                promotion_tier=at,
                opts=self._child,
            )
