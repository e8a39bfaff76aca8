"""The databases of the services in a PostgreSQL that only the cluster reaches. See docs/adr/0039."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s

from components.aws.credential import Credential
from components.aws.external_secret import external_secret
from components.aws.service_databases_job import MASTER, NAME, job_spec, secret_of
from components.aws.store import Setting
from components.shop_namespace import RESTRICTED
from versions import POSTGRES_CLIENT

SCRIPT = Path(__file__).with_name("service_database.sql")
NAMESPACE = "stores"
EACH = """\
set -eu
for service in $SERVICES; do
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set "name=$service" \\
    --set "password_file=/run/passwords/$service" --file /run/script/service_database.sql
done
"""


class ServiceDatabases(pulumi.ComponentResource):
    """A Job that makes them as the master, from within the cluster, and again when services are added.

    It has the passwords as files and runs in a namespace of its own, where no service looks.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        host: pulumi.Input[str],
        authority: str,
        master_secret: pulumi.Input[str],
        users: Mapping[str, Credential],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:ServiceDatabases", f"{setting.name}-databases", None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        namespace = k8s.core.v1.Namespace(
            NAMESPACE,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=NAMESPACE, labels=RESTRICTED),
            opts=self._child,
        ).metadata["name"]
        external_secret(
            MASTER,
            namespace=namespace,
            remote=master_secret,
            data={"username": "{{ .username }}", "password": "{{ .password }}"},
            opts=self._child,
        )
        for user, credential in users.items():
            external_secret(
                secret_of(user),
                namespace=namespace,
                remote=credential.secret_name,
                data={user: "{{ .password }}"},
                opts=self._child,
            )
        k8s.networking.v1.NetworkPolicy(
            NAME,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=NAME, namespace=namespace),
            spec=_reach(setting),
            opts=self._child,
        )
        script = k8s.core.v1.ConfigMap(
            NAME,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=NAME, namespace=namespace),
            data={SCRIPT.name: SCRIPT.read_text(), "each.sh": EACH, "authority.pem": authority},
            opts=self._child,
        )
        k8s.batch.v1.Job(
            NAME,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=f"{NAME}-{_version(users)}", namespace=namespace),
            spec=job_spec(host, list(users)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[script]),
        )
        self.register_outputs({})


def _reach(setting: Setting) -> k8s.networking.v1.NetworkPolicySpecArgs:
    """Nothing in; out to names and to the stores' PostgreSQL."""
    port = k8s.networking.v1.NetworkPolicyPortArgs
    names = k8s.networking.v1.NetworkPolicyEgressRuleArgs(
        ports=[port(protocol=protocol, port=53) for protocol in ("UDP", "TCP")]
    )
    stores = k8s.networking.v1.NetworkPolicyEgressRuleArgs(
        to=[
            k8s.networking.v1.NetworkPolicyPeerArgs(ip_block=k8s.networking.v1.IPBlockArgs(cidr=str(each)))
            for each in setting.network.data.ranges
        ],
        ports=[port(protocol="TCP", port=5432)],
    )
    return k8s.networking.v1.NetworkPolicySpecArgs(
        pod_selector=k8s.meta.v1.LabelSelectorArgs(),
        policy_types=["Ingress", "Egress"],
        egress=[names, stores],
    )


def _version(users: Mapping[str, Credential]) -> str:
    """A Job never changes; another list of services, or another script, is another Job."""
    text = " ".join(users) + SCRIPT.read_text() + EACH + POSTGRES_CLIENT
    return hashlib.sha256(text.encode()).hexdigest()[:8]
