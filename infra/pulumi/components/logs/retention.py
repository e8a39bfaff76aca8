"""How long logs are kept: told to Elasticsearch by a Job, for no resource of ECK's free of charge says it."""

import hashlib
import json

import pulumi
import pulumi_kubernetes as k8s

from components.logs.elastic_stack import NAME
from components.logs.logstash import DATA_STREAM
from components.logs.namespaces import ELASTICSEARCH_PORT
from components.microservice.container import locked_down, resources, unprivileged
from versions import CURL

core, meta = k8s.core.v1, k8s.meta.v1
AUTHORITY, PASSWORD = "/run/authority", "/run/password"
# For streams that are made from now on, then for one that is there already.
SCRIPT = """\
set -eu
ask() {
  printf 'user = "elastic:%s"' "$(cat "$PASSWORD_FILE")" |
    curl --config - --silent --show-error --fail-with-body --cacert "$AUTHORITY/ca.crt" \\
      --header 'Content-Type: application/json' --request PUT --data "$2" "$URL/$1"
}
until ask "_index_template/$STREAM" "$TEMPLATE"; do sleep 5; done
ask "_data_stream/$STREAM/_lifecycle" "$LIFECYCLE" || echo "there is no stream yet"
"""


def keep_for(days: int, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions) -> k8s.batch.v1.Job:
    """Runs again when the days change. It waits for Elasticsearch, a quarter of an hour at the most."""
    lifecycle = {"data_retention": f"{days}d"}
    template = {
        "index_patterns": [DATA_STREAM],
        "data_stream": {},
        # Above those that Elasticsearch brings along.
        "priority": 500,
        "composed_of": ["logs@mappings", "logs@settings", "ecs@mappings"],
        "template": {"lifecycle": lifecycle},
    }
    told = {
        "AUTHORITY": AUTHORITY,
        "PASSWORD_FILE": f"{PASSWORD}/elastic",
        "URL": f"https://{NAME}-es-http:{ELASTICSEARCH_PORT}",
        "STREAM": DATA_STREAM,
        "TEMPLATE": json.dumps(template),
        "LIFECYCLE": json.dumps(lifecycle),
    }
    name = f"retention-{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:8]}"
    return k8s.batch.v1.Job(
        "log-retention",
        metadata=meta.ObjectMetaArgs(name=name, namespace=namespace),
        spec=k8s.batch.v1.JobSpecArgs(
            backoff_limit=5,
            active_deadline_seconds=900,
            ttl_seconds_after_finished=86_400,
            template=core.PodTemplateSpecArgs(spec=_pod(told)),
        ),
        opts=opts,
    )


def _pod(told: dict[str, str]) -> core.PodSpecArgs:
    mounts = {"authority": AUTHORITY, "password": PASSWORD}
    secrets = {"authority": f"{NAME}-es-http-certs-public", "password": f"{NAME}-es-elastic-user"}
    return core.PodSpecArgs(
        restart_policy="OnFailure",
        automount_service_account_token=False,
        security_context=unprivileged(owns_volumes=True),
        containers=[
            core.ContainerArgs(
                name="curl",
                image=CURL,
                command=["sh", "-c", SCRIPT],
                env=[core.EnvVarArgs(name=key, value=value) for key, value in told.items()],
                resources=resources(10, 64),
                security_context=locked_down(),
                volume_mounts=[
                    core.VolumeMountArgs(name=key, mount_path=path, read_only=True)
                    for key, path in mounts.items()
                ],
            )
        ],
        volumes=[
            core.VolumeArgs(name=key, secret=core.SecretVolumeSourceArgs(secret_name=secret))
            for key, secret in secrets.items()
        ],
    )
