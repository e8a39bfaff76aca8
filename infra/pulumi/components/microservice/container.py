"""The container of a service: what it is told, what it may do, and when it is well."""

import pulumi
import pulumi_kubernetes as k8s

from components.access import SECRETS_FOLDER, SecretKey
from components.microservice.spec import HTTP_PORT, ServiceSpec, Surroundings, image
from components.size import size

core = k8s.core.v1
USER = 10_001
# Endpoints and the gateway hear of the end before the process does: it serves on meanwhile.
PRE_STOP_SECONDS = 15
GRACE_SECONDS = 60
SCRATCH, SECRETS = "scratch", "secrets"


def service_container(spec: ServiceSpec, around: Surroundings) -> core.ContainerArgs:
    """It serves on all addresses of its pod, and does not migrate: a Job has."""
    return _container(
        spec,
        around,
        args=None,
        ports=[core.ContainerPortArgs(name=name, container_port=port) for name, port in spec.ports.items()],
        # 60 s to start, its stores away or not: it is on its port from the first moment.
        startup_probe=_probe("/livez", period=2, failures=30),
        readiness_probe=_probe("/readyz", period=5, failures=2),
        liveness_probe=_probe("/livez", period=10, failures=3),
        lifecycle=core.LifecycleArgs(
            pre_stop=core.LifecycleHandlerArgs(sleep=core.SleepActionArgs(seconds=PRE_STOP_SECONDS))
        ),
    )


def migration_container(spec: ServiceSpec, around: Surroundings, *, contracts: bool) -> core.ContainerArgs:
    """The same image, to change the schema and end."""
    return _container(spec, around, args=["migrate", *(["--contract"] if contracts else [])])


def _container(
    spec: ServiceSpec,
    around: Surroundings,
    *,
    args: list[str] | None,
    ports: list[core.ContainerPortArgs] | None = None,
    startup_probe: core.ProbeArgs | None = None,
    readiness_probe: core.ProbeArgs | None = None,
    liveness_probe: core.ProbeArgs | None = None,
    lifecycle: core.LifecycleArgs | None = None,
) -> core.ContainerArgs:
    return core.ContainerArgs(
        name=spec.name,
        image=image(around.images, spec.workload.name),
        image_pull_policy="IfNotPresent",
        args=args,
        env=_environment(spec),
        env_from=[
            core.EnvFromSourceArgs(config_map_ref=core.ConfigMapEnvSourceArgs(name=configuration_name(spec)))
        ],
        ports=ports,
        resources=resources(spec.workload.cpu_millis, spec.workload.memory_mib),
        startup_probe=startup_probe,
        readiness_probe=readiness_probe,
        liveness_probe=liveness_probe,
        lifecycle=lifecycle,
        security_context=locked_down(),
        volume_mounts=[
            core.VolumeMountArgs(name=SCRATCH, mount_path="/tmp"),  # noqa: S108 - the container's own
            core.VolumeMountArgs(name=SECRETS, mount_path=SECRETS_FOLDER, read_only=True),
        ],
    )


def configuration_name(spec: ServiceSpec) -> str:
    """The ConfigMap of a service."""
    return spec.name


def configuration(spec: ServiceSpec) -> dict[str, pulumi.Input[str]]:
    """What is in it: the plain settings, and where the secret ones are."""
    files = {f"SEAWALL_{name.upper()}_FILE": f"{SECRETS_FOLDER}/{name}" for name in spec.access.secrets}
    told: dict[str, pulumi.Input[str]] = {"SEAWALL_HOST": "0.0.0.0", "SEAWALL_PORT": str(HTTP_PORT)}  # noqa: S104
    if spec.migrates:
        told["SEAWALL_MIGRATE_ON_START"] = "false"
    return {**told, **files, **spec.access.environment}


def volumes(spec: ServiceSpec) -> list[core.VolumeArgs]:
    """Scratch space with a limit, and the secrets that it was given, as files."""
    keys: dict[str, SecretKey] = {**spec.access.secrets, **spec.access.files}
    sources = [
        core.VolumeProjectionArgs(
            secret=core.SecretProjectionArgs(
                name=key.secret, items=[core.KeyToPathArgs(key=key.key, path=name)]
            )
        )
        for name, key in keys.items()
    ]
    scratch = core.EmptyDirVolumeSourceArgs(size_limit=f"{spec.writes_mib}Mi")
    return [
        core.VolumeArgs(name=SCRATCH, empty_dir=scratch),
        core.VolumeArgs(name=SECRETS, projected=core.ProjectedVolumeSourceArgs(sources=sources)),
    ]


def resources(cpu_millis: int, memory_mib: int) -> core.ResourceRequirementsArgs:
    """As `size`, for a pod of ours."""
    return core.ResourceRequirementsArgs(**size(cpu_millis, memory_mib))


def locked_down() -> core.SecurityContextArgs:
    """No right beyond its own user, nothing writable in the image."""
    return core.SecurityContextArgs(
        allow_privilege_escalation=False,
        capabilities=core.CapabilitiesArgs(drop=["ALL"]),
        read_only_root_filesystem=True,
        run_as_non_root=True,
    )


def unprivileged(*, owns_volumes: bool = False) -> core.PodSecurityContextArgs:
    """A pod whose processes are of one user without rights, whose files in volumes may be its group's."""
    return core.PodSecurityContextArgs(
        run_as_non_root=True,
        run_as_user=USER,
        run_as_group=USER,
        fs_group=USER if owns_volumes else None,
        seccomp_profile=core.SeccompProfileArgs(type="RuntimeDefault"),
    )


def _environment(spec: ServiceSpec) -> list[core.EnvVarArgs]:
    # What differs from pod to pod.
    field = core.ObjectFieldSelectorArgs(field_path="metadata.name")
    return [core.EnvVarArgs(name="HOSTNAME", value_from=core.EnvVarSourceArgs(field_ref=field))]


def _probe(path: str, *, period: int, failures: int) -> core.ProbeArgs:
    return core.ProbeArgs(
        http_get=core.HTTPGetActionArgs(path=path, port="http"),
        period_seconds=period,
        timeout_seconds=2,
        failure_threshold=failures,
    )
