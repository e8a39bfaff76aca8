"""Valkey by Amazon ElastiCache."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.access import Access
from components.aws.credential import Credential
from components.aws.external_secret import external_secret
from components.aws.store import Setting, credentials, destinations, guard
from versions import ELASTICACHE_VALKEY

PORT = 6379
ENGINE = "valkey"
# All keys, and no command that stops, empties or reconfigures the server.
RIGHTS = "on ~* &* +@all -@admin -@dangerous"
NOBODY = "off ~* -@all"


class RedisElastiCache(pulumi.ComponentResource):
    """A primary with replicas in other zones, one of which takes over; encrypted on disk and on the wire.

    Each service has a user and a password of its own, and the user that others would be is switched off.
    """

    secret_arns: list[pulumi.Output[str]]

    def __init__(
        self,
        setting: Setting,
        *,
        node_type: str,
        replicas: int,
        users: Sequence[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:RedisElastiCache", f"{setting.name}-redis", None, opts)
        self._setting, self._child = setting, pulumi.ResourceOptions(parent=self)
        label = f"{setting.name}-redis"
        self._users = credentials(setting, "redis", users, self._child)
        self.secret_arns = [each.arn for each in self._users.values()]
        subnets = aws.elasticache.SubnetGroup(label, subnet_ids=setting.network.data.ids, opts=self._child)
        self._group = aws.elasticache.ReplicationGroup(
            label,
            replication_group_id=label,
            description=f"Valkey of {setting.name}",
            engine=ENGINE,
            engine_version=ELASTICACHE_VALKEY,
            node_type=node_type,
            num_cache_clusters=1 + replicas,
            automatic_failover_enabled=replicas > 0,
            multi_az_enabled=replicas > 0,
            port=PORT,
            subnet_group_name=subnets.name,
            security_group_ids=[guard(setting, "redis", [PORT], self._child).id],
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            at_rest_encryption_enabled=True,
            kms_key_id=setting.key_arn,
            user_group_ids=[self._admit(label).user_group_id],
            snapshot_retention_limit=setting.backup_days,
            snapshot_window="03:00-04:00",
            maintenance_window="tue:04:30-tue:05:30",
            opts=pulumi.ResourceOptions(parent=self, protect=setting.production),
        )
        self.register_outputs({})

    def access(self, workload: str) -> Access:
        """Its URL on the primary, by TLS; AWS's certificates are known to every system."""
        address = self._group.primary_endpoint_address
        url = pulumi.Output.concat("rediss://{{ .username }}:{{ .password }}@", address, f":{PORT}/0")
        secrets = external_secret(
            f"{workload}-redis".replace("_", "-"),
            namespace=self._setting.namespace,
            remote=self._users[workload].secret_name,
            data={"valkey_url": url},
            opts=self._child,
        )
        return Access(secrets=secrets, destinations=destinations(self._setting, PORT))

    def _admit(self, label: str) -> aws.elasticache.UserGroup:
        default = credentials(self._setting, "redis", ["default"], self._child)
        users = [
            # At most 40 characters, and the name of a service may have 20.
            self._user(f"{self._setting.name}-{name}".replace("_", "-"), name, credential, rights)
            for rights, named in ((NOBODY, default), (RIGHTS, self._users))
            for name, credential in named.items()
        ]
        return aws.elasticache.UserGroup(
            label,
            user_group_id=label,
            engine=ENGINE,
            user_ids=[user.user_id for user in users],
            opts=self._child,
        )

    def _user(self, id_: str, name: str, credential: Credential, rights: str) -> aws.elasticache.User:
        return aws.elasticache.User(
            id_,
            user_id=id_,
            user_name=name,
            engine=ENGINE,
            access_string=rights,
            authentication_mode=aws.elasticache.UserAuthenticationModeArgs(
                type="password", passwords=[credential.password]
            ),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["authenticationMode.passwords"]),
        )
