"""What each service is told, and what it waits for."""

import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tools.devstack.services import NAMES, SERVICES, Wiring, instance_names, selected, service_environment


@pytest.fixture
def wiring():
    counts = {"orders": 2, "inventory": 2}
    instances = {name: instance_names(name, counts.get(name, 1)) for name in NAMES}
    names = [
        f"{instance}.{port}"
        for name, service in SERVICES.items()
        for instance in instances[name]
        for port in service.ports
    ]
    return Wiring(
        ports={name: number for number, name in enumerate(names, start=7000)} | {"gateway.public": 8000},
        instances=instances,
        database_urls={name: f"postgresql://{name}:pw@h/{name}" for name in NAMES},
        broker_url="kafka://h:1",
        valkey_url="redis://h:2/0",
        signing_key_file=Path("/key.pem"),
        operator_email="operator@seawall.example",
        operator_password="secret",
        gateway_folder=Path("/gateway"),
    )


def test_all_services_are_selected_unless_some_are_named():
    """Named ones bring along those that they call."""
    assert [service.name for service in selected([])] == list(NAMES)
    assert {service.name for service in selected(["storefront"])} == {"accounts", "gateway", "storefront"}
    assert {service.name for service in selected(["payments"])} == {"payments", "psp_simulator"}


def test_nobody_waits_for_himself():
    """Neither starts nor stops have a cycle, so that both come to an end."""
    starts = {name: set(service.starts_after) for name, service in SERVICES.items()}
    stops = {name: set(service.starts_after + service.stops_before) for name, service in SERVICES.items()}
    for order in (starts, stops):
        assert list(TopologicalSorter(order).static_order())


def test_every_replica_is_reachable(wiring):
    """The gateway and the callers of a service know all its instances."""
    gateway = service_environment(SERVICES["gateway"], "gateway", wiring)
    assert re.search(r"orders=127\.0\.0\.1:\d+\+127\.0\.0\.1:\d+(,|$)", gateway["SEAWALL_ENDPOINTS"])
    orders = service_environment(SERVICES["orders"], "orders-2", wiring)
    assert len(orders["SEAWALL_INVENTORY_TARGET"].split(",")) == 2
    assert orders["SEAWALL_PORT"] == str(wiring.ports["orders-2.http"])


def test_each_service_gets_its_own_database_only(wiring):
    """No service is told another's password."""
    for name, service in SERVICES.items():
        environment = service_environment(service, name, wiring)
        urls = [value for value in environment.values() if value.startswith("postgresql://")]
        assert urls in ([], [wiring.database_urls[name]])


def test_settings_of_the_callers_shell_do_not_reach_a_service(wiring):
    """What SEAWALL_ variable the user has set is not the service's business."""
    shell = {"SEAWALL_LOG_LEVEL": "DEBUG", "HOME": "/home/me"}
    told = service_environment(SERVICES["orders"], "orders", wiring, shell)
    assert "SEAWALL_LOG_LEVEL" not in told
    assert told["HOME"] == "/home/me"
