"""What a service is made of, settled before any resource is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.access import Access, Destination
from components.mesh import Mesh, NoMesh
from settings import Images, Sale, Scaling
from workloads import Workload

HTTP_PORT = 8080
GRPC_PORT = 9090
NAME, PART_OF = "app.kubernetes.io/name", "app.kubernetes.io/part-of"
COMPONENT = "app.kubernetes.io/component"
SERVER, MIGRATION = "server", "migration"


@dataclass(frozen=True)
class Surroundings:
    """What all services of a stack share."""

    namespace: pulumi.Input[str]
    images: Images
    scaling: Scaling
    sales: Sequence[Sale] = ()
    mesh: Mesh = field(default_factory=NoMesh)


@dataclass(frozen=True)
class Counter:
    """A counter of requests in Prometheus, and what autoscalers call its rate beside prometheus-adapter."""

    metric: str
    matchers: str
    per_second: str


OWN_REQUESTS = Counter("seawall_http_requests_total", "", "seawall_http_requests_per_second")
# The gateway's own process answers probes alone: who comes through the door is counted by Envoy.
ENVOYS_REQUESTS = Counter(
    "envoy_http_downstream_rq_xx",
    'envoy_http_conn_manager_prefix="public"',
    "envoy_http_downstream_rq_per_second",
)


@dataclass(frozen=True)
class ServiceSpec:
    """One service: its workload, what it is told, whom it may call, and who may call it.

    `open_ports` are for anybody, also from outside of the cluster. `scraped` are the paths of its metrics,
    `requests` the one that it is scaled by.
    """

    workload: Workload
    access: Access
    ports: Mapping[str, int]
    callers: tuple[str, ...] = ()
    destinations: tuple[Destination, ...] = ()
    open_ports: tuple[int, ...] = ()
    writes_mib: int = 64
    scraped: tuple[str, ...] = ("/metrics",)
    requests: Counter = OWN_REQUESTS

    @property
    def name(self) -> str:
        """Its name in Kubernetes."""
        return self.workload.dns_name

    @property
    def outside(self) -> list[int]:
        """The ports of its stores, and of what else it reaches that is in no mesh."""
        return sorted({port for there in self.access.destinations for port in there.ports})

    @property
    def migrates(self) -> bool:
        """Whether it has a schema."""
        return "postgres" in self.workload.stores


def selector(name: str) -> dict[str, str]:
    """The labels of the pods that serve; those of a migration do not."""
    return {NAME: name, COMPONENT: SERVER}


def labels(name: str) -> dict[str, str]:
    """The labels of everything that belongs to a service."""
    return {NAME: name, PART_OF: "seawall"}


def image(images: Images, workload: str) -> str:
    """By digest where the stack has one, else by tag."""
    digest = images.digests.get(workload)
    return (
        f"{images.registry}/{workload}@{digest}" if digest else f"{images.registry}/{workload}:{images.tag}"
    )
