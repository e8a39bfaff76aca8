"""Where traces are kept and looked at: Jaeger on a disk, or Zipkin in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
import pulumi_kubernetes as k8s
import yaml

from components.microservice.container import locked_down, resources, unprivileged
from components.microservice.spec import labels
from versions import JAEGER, ZIPKIN

core, meta = k8s.core.v1, k8s.meta.v1
DISK_GIB = 20
MEMORY_MIB = 1024
WHOLE_TRACES = "48h"


@dataclass(frozen=True)
class Store:
    """What the collector sends to: an exporter's name in its configuration, and its settings."""

    name: str
    exporter: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class _Program:
    image: str
    port: int
    ready: str
    health_port: int
    page_port: int
    configuration: Mapping[str, Any] | None


def trace_store(
    kind: Literal["jaeger", "zipkin"], namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> Store:
    """One pod with a disk: a trace that is lost with it is no order."""
    program = PROGRAMS[kind]
    metadata = meta.ObjectMetaArgs(name=kind, namespace=namespace, labels=labels(kind))
    after = opts
    if program.configuration is not None:
        configuration = core.ConfigMap(
            kind, metadata=metadata, data={"config.yaml": yaml.safe_dump(program.configuration)}, opts=opts
        )
        after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[configuration]))
    ports = {"traces": program.port, "page": program.page_port, "health": program.health_port}
    distinct = {number: name for name, number in reversed(ports.items())}
    core.Service(
        kind,
        metadata=metadata,
        spec=core.ServiceSpecArgs(
            selector=labels(kind),
            ports=[core.ServicePortArgs(name=name, port=number) for number, name in distinct.items()],
        ),
        opts=opts,
    )
    k8s.apps.v1.StatefulSet(
        kind,
        metadata=metadata,
        spec=k8s.apps.v1.StatefulSetSpecArgs(
            replicas=1,
            service_name=kind,
            selector=meta.LabelSelectorArgs(match_labels=labels(kind)),
            template=core.PodTemplateSpecArgs(
                metadata=meta.ObjectMetaArgs(labels=labels(kind)), spec=_pod(kind, program)
            ),
            volume_claim_templates=[
                core.PersistentVolumeClaimArgs(
                    metadata=meta.ObjectMetaArgs(name="data"),
                    spec=core.PersistentVolumeClaimSpecArgs(
                        access_modes=["ReadWriteOnce"],
                        resources=core.VolumeResourceRequirementsArgs(requests={"storage": f"{DISK_GIB}Gi"}),
                    ),
                )
            ],
        ),
        opts=after,
    )
    exporter = "zipkin" if kind == "zipkin" else "otlp"
    address = f"{kind}:{program.port}"
    if kind == "zipkin":
        return Store(kind, exporter, {"endpoint": f"http://{address}/api/v2/spans"})
    return Store(kind, exporter, {"endpoint": address, "tls": {"insecure": True}})


def _pod(kind: str, program: _Program) -> core.PodSpecArgs:
    mounts = [core.VolumeMountArgs(name="data", mount_path="/data")]
    volumes = []
    if program.configuration is not None:
        mounts.append(core.VolumeMountArgs(name="configuration", mount_path="/etc/jaeger", read_only=True))
        volumes.append(
            core.VolumeArgs(name="configuration", config_map=core.ConfigMapVolumeSourceArgs(name=kind))
        )
    probe = core.ProbeArgs(
        http_get=core.HTTPGetActionArgs(path=program.ready, port=program.health_port),
        period_seconds=10,
        timeout_seconds=5,
        failure_threshold=6,
    )
    return core.PodSpecArgs(
        automount_service_account_token=False,
        security_context=unprivileged(owns_volumes=True),
        containers=[
            core.ContainerArgs(
                name=kind,
                image=program.image,
                args=None if program.configuration is None else ["--config=/etc/jaeger/config.yaml"],
                resources=resources(200, MEMORY_MIB),
                readiness_probe=probe,
                liveness_probe=probe,
                security_context=locked_down(),
                volume_mounts=mounts,
            )
        ],
        volumes=volumes,
    )


# https://www.jaegertracing.io/docs/latest/deployment/configuration/
_JAEGER: Mapping[str, Any] = {
    "service": {
        "extensions": ["jaeger_storage", "jaeger_query", "healthcheckv2"],
        "pipelines": {
            "traces": {
                "receivers": ["otlp"],
                "processors": ["batch"],
                "exporters": ["jaeger_storage_exporter"],
            }
        },
    },
    "extensions": {
        "healthcheckv2": {"use_v2": True, "http": {"endpoint": "0.0.0.0:13133"}},
        "jaeger_query": {"storage": {"traces": "disk"}, "http": {"endpoint": "0.0.0.0:16686"}},
        "jaeger_storage": {
            "backends": {
                "disk": {
                    "badger": {
                        "directories": {"keys": "/data/keys", "values": "/data/values"},
                        "ephemeral": False,
                        "ttl": {"spans": WHOLE_TRACES},
                    }
                }
            }
        },
    },
    "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": "0.0.0.0:4317"}}}},
    "processors": {"batch": {}},
    "exporters": {"jaeger_storage_exporter": {"trace_storage": "disk"}},
}
PROGRAMS = {
    "jaeger": _Program(JAEGER, 4317, "/status", 13133, 16686, _JAEGER),
    "zipkin": _Program(ZIPKIN, 9411, "/health", 9411, 9411, None),
}
