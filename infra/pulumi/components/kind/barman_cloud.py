"""Backups of PostgreSQL in the cluster, by a plugin. https://cloudnative-pg.io/plugin-barman-cloud/docs/usage/"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pydantic import SecretStr

from components.cert_manager import CertManager
from components.release import release
from components.size import size
from settings import PostgresBackup
from versions import BARMAN_CLOUD

NAME = "postgres-backup"
API = "barmancloud.cnpg.io/v1"
PLUGIN = "barman-cloud.cloudnative-pg.io"
# Stores that speak S3 refuse the checksums that AWS's client has sent unasked since 2025:
# https://github.com/cloudnative-pg/plugin-barman-cloud/issues/393
NO_CHECKSUMS = [
    {"name": name, "value": "when_required"}
    for name in ("AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_RESPONSE_CHECKSUM_VALIDATION")
]


@dataclass(frozen=True)
class Backup:
    """What is kept where, and by whose rights. cert-manager lets operator and plugin know each other."""

    wanted: PostgresBackup
    access_key_id: SecretStr
    secret_access_key: SecretStr
    cert_manager: CertManager


class BarmanCloud(pulumi.ComponentResource):
    """The plugin, in the namespace of the operator, which it has to share, and where it keeps backups.

    They are encrypted on their way by `https`, and there as the bucket says. What is older than the retention
    is taken away, but for the copy with which it begins.
    """

    store: pulumi.CustomResource

    def __init__(
        self,
        namespace: pulumi.Input[str],
        backup: Backup,
        *,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:kind:BarmanCloud", NAME, None, opts)
        self._namespace, self._backup = namespace, backup
        plugin = release(
            BARMAN_CLOUD,
            namespace=namespace,
            values={"resources": size(50, 128)},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*after, backup.cert_manager]),
        )
        self.store = k8s.apiextensions.CustomResource(
            NAME,
            api_version=API,
            kind="ObjectStore",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=NAME, namespace=namespace),
            spec=_store(backup.wanted),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[plugin, self._credentials()]),
        )
        self.register_outputs({})

    def archiver(self) -> dict[str, Any]:
        """What the Cluster is told, of which each server gets a container beside it."""
        return {
            "name": PLUGIN,
            "isWALArchiver": True,
            "parameters": {"barmanObjectName": NAME, "serverName": self._backup.wanted.archive},
        }

    def make_copies(self, cluster: str, api: str, after: Sequence[pulumi.Resource]) -> None:
        """Of a Cluster, at once and then at the hours of each day."""
        hours = ",".join(map(str, sorted(set(self._backup.wanted.at_hours))))
        k8s.apiextensions.CustomResource(
            f"{NAME}-schedule",
            api_version=api,
            kind="ScheduledBackup",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=NAME, namespace=self._namespace),
            spec={
                # Its first field is the seconds. The operator's clock is UTC.
                "schedule": f"0 0 {hours} * * *",
                "immediate": True,
                "backupOwnerReference": "self",
                "cluster": {"name": cluster},
                "method": "plugin",
                "pluginConfiguration": {"name": PLUGIN},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.store, *after]),
        )

    def _credentials(self) -> k8s.core.v1.Secret:
        values = {
            "access-key-id": self._backup.access_key_id,
            "secret-access-key": self._backup.secret_access_key,
        }
        plain = {key: pulumi.Output.secret(value.get_secret_value()) for key, value in values.items()}
        if self._backup.wanted.region:
            plain["region"] = pulumi.Output.secret(self._backup.wanted.region)
        return k8s.core.v1.Secret(
            NAME,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=NAME, namespace=self._namespace),
            string_data=plain,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _store(wanted: PostgresBackup) -> dict[str, Any]:
    credentials = {"accessKeyId": _key("access-key-id"), "secretAccessKey": _key("secret-access-key")}
    if wanted.region:
        credentials["region"] = _key("region")
    configuration: dict[str, Any] = {
        "destinationPath": wanted.destination,
        "s3Credentials": credentials,
        "wal": {"compression": "gzip"},
        "data": {"compression": "gzip"},
    }
    sidecar: dict[str, Any] = {"resources": size(50, 512)}
    if wanted.endpoint:
        configuration["endpointURL"], sidecar["env"] = wanted.endpoint, NO_CHECKSUMS
    return {
        "configuration": configuration,
        "retentionPolicy": f"{wanted.retention_days}d",
        "instanceSidecarConfiguration": sidecar,
    }


def _key(name: str) -> dict[str, str]:
    return {"name": NAME, "key": name}
