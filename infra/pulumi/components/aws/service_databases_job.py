"""The pod that makes the databases of the services: psql, without any right."""

import pulumi
import pulumi_kubernetes as k8s

from components.microservice.container import locked_down, resources, unprivileged
from versions import POSTGRES_CLIENT

NAME = "service-databases"
MASTER = "postgres-master"


def secret_of(user: str) -> str:
    """The name of the Secret that has a user's password."""
    return f"postgres-{user}".replace("_", "-")


def job_spec(host: pulumi.Input[str], users: list[str]) -> k8s.batch.v1.JobSpecArgs:
    """Runs `each.sh` of the ConfigMap for the users at the host, up to ten times until it is through."""
    pod = k8s.core.v1.PodSpecArgs(
        restart_policy="OnFailure",
        automount_service_account_token=False,
        security_context=unprivileged(),
        containers=[_psql(host, users)],
        volumes=_volumes(users),
    )
    return k8s.batch.v1.JobSpecArgs(backoff_limit=10, template=k8s.core.v1.PodTemplateSpecArgs(spec=pod))


def _psql(host: pulumi.Input[str], users: list[str]) -> k8s.core.v1.ContainerArgs:
    plain = {
        "PGHOST": host,
        "PGDATABASE": "postgres",
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "/run/script/authority.pem",
        "SERVICES": " ".join(users),
    }
    secret = {"PGUSER": "username", "PGPASSWORD": "password"}
    return k8s.core.v1.ContainerArgs(
        name="psql",
        image=POSTGRES_CLIENT,
        command=["sh", "/run/script/each.sh"],
        env=[
            *(k8s.core.v1.EnvVarArgs(name=name, value=value) for name, value in plain.items()),
            *(_from_master(name, key) for name, key in secret.items()),
        ],
        resources=resources(50, 64),
        security_context=locked_down(),
        volume_mounts=[
            k8s.core.v1.VolumeMountArgs(name=name, mount_path=f"/run/{name}", read_only=True)
            for name in ("script", "passwords")
        ],
    )


def _from_master(name: str, key: str) -> k8s.core.v1.EnvVarArgs:
    return k8s.core.v1.EnvVarArgs(
        name=name,
        value_from=k8s.core.v1.EnvVarSourceArgs(
            secret_key_ref=k8s.core.v1.SecretKeySelectorArgs(name=MASTER, key=key)
        ),
    )


def _volumes(users: list[str]) -> list[k8s.core.v1.VolumeArgs]:
    passwords = [
        k8s.core.v1.VolumeProjectionArgs(secret=k8s.core.v1.SecretProjectionArgs(name=secret_of(user)))
        for user in users
    ]
    return [
        k8s.core.v1.VolumeArgs(name="script", config_map=k8s.core.v1.ConfigMapVolumeSourceArgs(name=NAME)),
        k8s.core.v1.VolumeArgs(
            name="passwords", projected=k8s.core.v1.ProjectedVolumeSourceArgs(sources=passwords)
        ),
    ]
