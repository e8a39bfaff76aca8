"""Documents by Amazon DocumentDB, spoken to as MongoDB."""

import pulumi
import pulumi_aws as aws

from components.access import SECRETS_FOLDER, Access, SecretKey
from components.aws.external_secret import external_secret
from components.aws.postgres_aurora import AUTHORITY
from components.aws.store import Setting, destinations, guard, log_group
from versions import DOCUMENTDB

PORT = 27017
MASTER = "seawall_admin"


class DocumentDb(pulumi.ComponentResource):
    """A primary and replicas in other zones, by TLS alone, encrypted. Its services share one user."""

    secret_arns: list[pulumi.Output[str]]

    def __init__(
        self,
        setting: Setting,
        *,
        instances: int,
        instance_class: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:DocumentDb", f"{setting.name}-documents", None, opts)
        self._setting, self._child = setting, pulumi.ResourceOptions(parent=self)
        label = f"{setting.name}-documents"
        subnets = aws.docdb.SubnetGroup(label, subnet_ids=setting.network.data.ids, opts=self._child)
        parameters = aws.docdb.ClusterParameterGroup(
            label,
            family=f"docdb{DOCUMENTDB.rpartition('.')[0]}",
            parameters=[
                aws.docdb.ClusterParameterGroupParameterArgs(name="tls", value="enabled"),
                aws.docdb.ClusterParameterGroupParameterArgs(name="audit_logs", value="enabled"),
            ],
            opts=self._child,
        )
        logs = log_group(setting, "documents", f"/aws/docdb/{label}/audit", self._child)
        self._cluster = aws.docdb.Cluster(
            label,
            cluster_identifier=label,
            engine_version=DOCUMENTDB,
            master_username=MASTER,
            manage_master_user_password=True,
            db_subnet_group_name=subnets.name,
            db_cluster_parameter_group_name=parameters.name,
            vpc_security_group_ids=[guard(setting, "documents", [PORT], self._child).id],
            storage_encrypted=True,
            kms_key_id=setting.key_arn,
            backup_retention_period=setting.backup_days,
            deletion_protection=setting.production,
            skip_final_snapshot=not setting.production,
            final_snapshot_identifier=f"{label}-final" if setting.production else None,
            enabled_cloudwatch_logs_exports=["audit"],
            opts=pulumi.ResourceOptions(parent=self, protect=setting.production, depends_on=[logs]),
        )
        for at in range(instances):
            aws.docdb.ClusterInstance(
                f"{label}-{at}",
                cluster_identifier=self._cluster.id,
                instance_class=instance_class,
                promotion_tier=at,
                opts=self._child,
            )
        self._secret_arn = self._cluster.master_user_secrets[0].secret_arn.apply(str)
        self.secret_arns = [self._secret_arn]
        self.register_outputs({})

    def access(self, workload: str) -> Access:
        """A URL of MongoDB, whose certificate is checked by the authority of the region."""
        path = f"{SECRETS_FOLDER}/postgres_authority"
        url = pulumi.Output.concat(
            "mongodb://{{ .username }}:{{ .password }}@",
            self._cluster.endpoint,
            f":{PORT}/{workload}?tls=true&tlsCAFile={path}&replicaSet=rs0&authSource=admin&retryWrites=false",
        )
        secrets = external_secret(
            f"{workload}-documents".replace("_", "-"),
            namespace=self._setting.namespace,
            remote=self._secret_arn,
            data={"documents_url": url},
            opts=self._child,
        )
        files = {"postgres_authority": SecretKey(AUTHORITY, "ca.pem")}
        return Access(secrets=secrets, files=files, destinations=destinations(self._setting, PORT))
