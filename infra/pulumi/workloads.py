"""The services of the shop as data: `workloads.yaml`, typed."""

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

WORKLOADS = Path(__file__).with_name("workloads.yaml")
Store = Literal["postgres", "redis", "kafka", "documents", "graph"]


class Workload(BaseModel):
    """One service: what it keeps, calls and serves, and what scales it. See `workloads.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    stores: frozenset[Store] = frozenset()
    calls: tuple[str, ...] = ()
    routed: bool = False
    grpc: bool = False
    stand_in: bool = False
    requests_per_second: Annotated[int, Field(ge=0)] = 0
    consumes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    cpu_millis: Annotated[int, Field(ge=10)] = 500
    memory_mib: Annotated[int, Field(ge=64)] = 256

    @property
    def dns_name(self) -> str:
        """Its name in Kubernetes, where names have no underscore."""
        return self.name.replace("_", "-")


GATEWAY = Workload(
    name="gateway", stores=frozenset({"redis"}), cpu_millis=1000, memory_mib=1024, requests_per_second=2000
)


def read_workloads(text: str) -> tuple[Workload, ...]:
    """The workloads in a YAML text, in its order. Raises pydantic's ValidationError, ValueError."""
    found = tuple(Workload(name=name, **(of or {})) for name, of in yaml.safe_load(text)["workloads"].items())
    known = {workload.name for workload in found} | {GATEWAY.name}
    for workload in found:
        if strange := sorted(set(workload.calls) - known):
            raise ValueError(f"{workload.name}.calls: no workload {', '.join(strange)}")
    return found


def workloads_of(*, production: bool) -> tuple[Workload, ...]:
    """What a stack runs: in production without the stand-ins."""
    return tuple(each for each in read_workloads(WORKLOADS.read_text()) if not (production and each.stand_in))
