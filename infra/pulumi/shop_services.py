"""The shop: every workload as a microservice, and the gateway before them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pulumi

from components.access import Access, Destination
from components.mesh import Caller, Mesh, Rules
from components.microservice.microservice import Microservice
from components.microservice.spec import (
    ENVOYS_REQUESTS,
    GRPC_PORT,
    HTTP_PORT,
    ServiceSpec,
    Surroundings,
    selector,
)
from components.microservice.traffic import to_service
from components.public_service import PUBLIC_PORT, TLS_PORT, public_service
from components.shop_namespace import SHOP
from platforms import Platform
from settings import Settings
from workloads import GATEWAY, Workload

INTERNET = "0.0.0.0/0"


def shop(
    settings: Settings,
    platform: Platform,
    namespace: pulumi.Input[str],
    workloads: Sequence[Workload],
    *,
    mesh: Mesh,
    observed: Access,
    after: Sequence[pulumi.Resource] = (),
) -> None:
    """All services, with what each stores, calls and is told, `after` what watches and scales them.

    `observed` is what each is told of where its traces go.
    """
    later = pulumi.ResourceOptions(depends_on=list(after))
    opts = pulumi.ResourceOptions.merge(platform.options, later)
    around = Surroundings(namespace, settings.images, settings.scaling, settings.sales, mesh)
    specs = service_specs(settings, platform, workloads, observed)
    mesh.protect(namespace, [rules(spec) for spec in specs])
    for spec in specs:
        Microservice(
            spec,
            around,
            contracts=spec.workload.name in settings.contract_migrations,
            opts=opts,
        )
    public_service(GATEWAY.dns_name, namespace, platform.public_service, opts, tls=platform.edge is not None)


def service_specs(
    settings: Settings, platform: Platform, workloads: Sequence[Workload], observed: Access
) -> list[ServiceSpec]:
    """What the services are made of, the gateway the last."""
    specs = [
        *(_spec(each, settings, platform, workloads) for each in workloads),
        _gateway(settings, platform, workloads),
    ]
    return [replace(spec, access=_together([spec.access, observed])) for spec in specs]


def rules(spec: ServiceSpec) -> Rules:
    """Whom the mesh lets in: the callers that the network policy names, by what their certificates say."""
    closed = tuple(port for port in spec.ports.values() if port not in spec.open_ports)
    return Rules(
        service=spec.name,
        ports=closed,
        callers=tuple(Caller(SHOP, caller) for caller in spec.callers),
        scraped_port=spec.ports["http"],
        open_ports=spec.open_ports,
        pod_labels=selector(spec.name),
    )


def _spec(
    workload: Workload, settings: Settings, platform: Platform, workloads: Sequence[Workload]
) -> ServiceSpec:
    callers = [each.dns_name for each in workloads if workload.name in each.calls]
    if workload.routed:
        callers.append(GATEWAY.dns_name)
    known = {each.name: each for each in workloads} | {GATEWAY.name: GATEWAY}
    called = [known[name] for name in workload.calls if name in known]
    return ServiceSpec(
        workload=workload,
        access=_together([*_reached(workload, platform), _own(workload, settings, platform)]),
        ports={"http": HTTP_PORT} | ({"grpc": GRPC_PORT} if workload.grpc else {}),
        callers=tuple(callers),
        destinations=(*(_way_to(each) for each in called), *_outside(workload, settings)),
    )


def _reached(workload: Workload, platform: Platform) -> list[Access]:
    return [platform.stores[store].access(workload.name) for store in sorted(workload.stores)]


def _own(workload: Workload, settings: Settings, platform: Platform) -> Access:
    """What a service is told besides its stores; the settings are listed in its README."""
    secrets = platform.secrets
    match workload.name:
        case "accounts":
            return Access(
                environment={"SEAWALL_OPERATOR_EMAIL": settings.operator_email} | _share(settings),
                secrets={name: secrets[name] for name in ("signing_key", "operator_password")},
            )
        case "inventory":
            return Access(environment={"SEAWALL_GRPC_PORT": str(GRPC_PORT)})
        case "orders":
            return Access(environment={"SEAWALL_INVENTORY_TARGET": f"inventory:{GRPC_PORT}"})
        case "payments":
            simulator = f"http://psp-simulator:{HTTP_PORT}"
            return Access(environment={"SEAWALL_PROVIDER_URL": settings.provider_url or simulator})
        case "storefront":
            return Access(environment={"SEAWALL_API_URL": f"http://gateway:{PUBLIC_PORT}"})
    return Access()


def _share(settings: Settings) -> dict[str, str]:
    """While Valkey is away each pod allows its part of a limit, as one of the fewest that there ever are."""
    return {"SEAWALL_REPLICAS": str(settings.scaling.min_replicas)}


def _gateway(settings: Settings, platform: Platform, workloads: Sequence[Workload]) -> ServiceSpec:
    """Envoy and its control plane are one container: the service starts and watches Envoy.

    With the certificate of an edge it is open by TLS alone; the plain port is for callers in the cluster.
    """
    edge = platform.edge
    routed = [each for each in workloads if each.routed]
    names = ",".join(f"{each.name}={each.dns_name}:{HTTP_PORT}" for each in routed)
    environment: Mapping[str, pulumi.Input[str]] = {
        "SEAWALL_ENDPOINTS_DNS": names,
        "SEAWALL_XDS_DIR": "/tmp/xds",  # noqa: S108 - the container's own
        "SEAWALL_LISTEN_HOST": "0.0.0.0",  # noqa: S104
        "SEAWALL_LISTEN_PORT": str(PUBLIC_PORT),
    } | _share(settings)
    callers = [each.dns_name for each in workloads if GATEWAY.name in each.calls]
    return ServiceSpec(
        workload=GATEWAY,
        access=_together(
            [*_reached(GATEWAY, platform), Access(environment=environment), *([edge] if edge else [])]
        ),
        ports={"http": HTTP_PORT, "public": PUBLIC_PORT} | ({"tls": TLS_PORT} if edge else {}),
        callers=tuple(callers),
        destinations=tuple(_way_to(each) for each in routed),
        open_ports=(TLS_PORT,) if edge else (PUBLIC_PORT,),
        scraped=("/metrics", "/metrics/envoy"),
        requests=ENVOYS_REQUESTS,
    )


def _way_to(called: Workload) -> Destination:
    ports = [PUBLIC_PORT] if called is GATEWAY else [HTTP_PORT, *([GRPC_PORT] if called.grpc else [])]
    return to_service(called.dns_name, *ports)


def _outside(workload: Workload, settings: Settings) -> tuple[Destination, ...]:
    """The payment provider is somewhere on the internet, by TLS."""
    if workload.name == "payments" and settings.provider_url:
        return (Destination(ports=(443,), cidr=INTERNET),)
    return ()


def _together(parts: Sequence[Access]) -> Access:
    return Access(
        environment={name: value for part in parts for name, value in part.environment.items()},
        secrets={name: key for part in parts for name, key in part.secrets.items()},
        files={name: key for part in parts for name, key in part.files.items()},
        destinations=tuple(each for part in parts for each in part.destinations),
    )
