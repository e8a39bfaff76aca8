"""What the infrastructure runs is what `./pants up` starts."""

from pathlib import Path

import yaml

from tools.devstack.services import GATEWAY, SERVICES, Service

WORKLOADS = yaml.safe_load(Path("infra/pulumi/workloads.yaml").read_text())["workloads"]
STORES = {"postgres": "postgres", "valkey": "redis", "kafka": "kafka"}


def workload_of(service: Service) -> dict[str, object]:
    """What the workloads say of a service, from the devstack's catalogue."""
    return {
        "stores": {STORES[server] for server in service.servers},
        "calls": set(service.calls),
        "routed": service.routed,
        "grpc": "grpc" in service.ports,
    }


def test_the_workloads_are_the_services() -> None:
    """Every service but the gateway, which has a component of its own, and no other."""
    assert set(WORKLOADS) == set(SERVICES) - {GATEWAY}


def test_a_workload_is_wired_as_its_service() -> None:
    """Its stores, whom it calls, whether the gateway leads to it, whether it speaks gRPC."""
    for name, workload in WORKLOADS.items():
        said = {
            "stores": set(workload.get("stores", [])),
            "calls": set(workload.get("calls", [])),
            "routed": workload.get("routed", False),
            "grpc": workload.get("grpc", False),
        }
        assert said == workload_of(SERVICES[name]), name


def test_only_a_stand_in_is_left_out_of_production() -> None:
    """The payment provider's simulator, and nothing else."""
    assert [name for name, each in WORKLOADS.items() if each.get("stand_in")] == ["psp_simulator"]
