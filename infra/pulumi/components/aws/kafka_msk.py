"""Kafka by Amazon MSK."""

import json
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.access import Access
from components.aws.external_secret import external_secret
from components.aws.store import Setting, credentials, destinations, guard, log_group
from versions import MSK_KAFKA

SASL_SCRAM = 9096
PROPERTIES = """\
auto.create.topics.enable=false
default.replication.factor=3
min.insync.replicas=2
num.partitions=6
unclean.leader.election.enable=false
"""


class KafkaMsk(pulumi.ComponentResource):
    """Brokers over the zones, spoken to by TLS and a password (SCRAM-SHA-512) for each service.

    A message is on three brokers, and acknowledged when it is on two: the loss of a zone loses none.
    """

    secret_arns: list[pulumi.Output[str]]

    def __init__(
        self,
        setting: Setting,
        *,
        brokers: int,
        instance_type: str,
        storage_gib: int,
        users: Sequence[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:KafkaMsk", f"{setting.name}-kafka", None, opts)
        self._setting, self._child = setting, pulumi.ResourceOptions(parent=self)
        label = f"{setting.name}-kafka"
        logs = log_group(setting, "kafka", f"/seawall/{setting.name}/kafka", self._child)
        configuration = aws.msk.Configuration(
            label, kafka_versions=[MSK_KAFKA], server_properties=PROPERTIES, opts=self._child
        )
        group = guard(setting, "kafka", [SASL_SCRAM], self._child)
        self._cluster = aws.msk.Cluster(
            label,
            cluster_name=label,
            kafka_version=MSK_KAFKA,
            number_of_broker_nodes=brokers,
            broker_node_group_info=aws.msk.ClusterBrokerNodeGroupInfoArgs(
                client_subnets=setting.network.data.ids,
                instance_type=instance_type,
                security_groups=[group.id],
                storage_info=_storage(storage_gib),
            ),
            configuration_info=aws.msk.ClusterConfigurationInfoArgs(
                arn=configuration.arn, revision=configuration.latest_revision
            ),
            client_authentication=aws.msk.ClusterClientAuthenticationArgs(
                sasl=aws.msk.ClusterClientAuthenticationSaslArgs(scram=True), unauthenticated=False
            ),
            encryption_info=_encryption(setting.key_arn),
            enhanced_monitoring="PER_BROKER",
            logging_info=_logging(logs),
            opts=pulumi.ResourceOptions(parent=self, protect=setting.production),
        )
        self._admit(users)
        self.register_outputs({})

    def access(self, workload: str) -> Access:
        """Its URL, with its own user. `kafkas` goes by TLS; AWS's certificates are known to every system."""
        brokers = self._cluster.bootstrap_brokers_sasl_scram
        url = pulumi.Output.concat("kafkas://{{ .username }}:{{ .password }}@", brokers)
        secrets = external_secret(
            f"{workload}-kafka".replace("_", "-"),
            namespace=self._setting.namespace,
            remote=self._users[workload].secret_name,
            data={"broker_url": url},
            opts=self._child,
        )
        return Access(secrets=secrets, destinations=destinations(self._setting, SASL_SCRAM))

    def _admit(self, users: Sequence[str]) -> None:
        self._users = credentials(self._setting, "kafka", users, self._child, _name_for_msk)
        self.secret_arns = [each.arn for each in self._users.values()]
        for user, credential in self._users.items():
            label = f"{self._setting.name}-kafka-{user}"
            policy = aws.secretsmanager.SecretPolicy(
                label,
                secret_arn=credential.arn,
                policy=credential.arn.apply(_readable_by_msk),
                opts=self._child,
            )
            aws.msk.SingleScramSecretAssociation(
                label,
                cluster_arn=self._cluster.arn,
                secret_arn=credential.arn,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
            )


def _name_for_msk(setting: Setting, _store: str, user: str) -> str:
    """MSK takes no secret of another name."""
    return f"AmazonMSK_{setting.name}_{user}"


def _readable_by_msk(arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "kafka.amazonaws.com"},
        "Action": "secretsmanager:getSecretValue",
        "Resource": arn,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _storage(gib: int) -> aws.msk.ClusterBrokerNodeGroupInfoStorageInfoArgs:
    return aws.msk.ClusterBrokerNodeGroupInfoStorageInfoArgs(
        ebs_storage_info=aws.msk.ClusterBrokerNodeGroupInfoStorageInfoEbsStorageInfoArgs(volume_size=gib)
    )


def _encryption(key_arn: pulumi.Input[str]) -> aws.msk.ClusterEncryptionInfoArgs:
    return aws.msk.ClusterEncryptionInfoArgs(
        encryption_at_rest_kms_key_arn=key_arn,
        encryption_in_transit=aws.msk.ClusterEncryptionInfoEncryptionInTransitArgs(
            client_broker="TLS", in_cluster=True
        ),
    )


def _logging(group: aws.cloudwatch.LogGroup) -> aws.msk.ClusterLoggingInfoArgs:
    return aws.msk.ClusterLoggingInfoArgs(
        broker_logs=aws.msk.ClusterLoggingInfoBrokerLogsArgs(
            cloudwatch_logs=aws.msk.ClusterLoggingInfoBrokerLogsCloudwatchLogsArgs(
                enabled=True, log_group=group.name
            )
        )
    )
