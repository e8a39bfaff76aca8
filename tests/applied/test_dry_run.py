"""What only an API server finds: planted faults that it refuses, in its own words."""

import copy
import json
from pathlib import Path

import pytest

from applied.applying import Applier
from applied.lab import Refused, running_lab
from recording import record_stack

TABLE = Path(__file__).parents[2] / "docs" / "planted-faults.md"
WITH_AUTOSCALERS = '{"pods": "prometheus-adapter"}'


def container(change):
    return lambda manifest: change(manifest["spec"]["template"]["spec"]["containers"][0])


def spec(**values):
    return lambda manifest: manifest["spec"].update(values)


def no_update(manifest):
    manifest["spec"]["strategy"]["rollingUpdate"] = {"maxSurge": 0, "maxUnavailable": 0}


# What is planted, into what, and the server's words.
FAULTS = {
    "a request above the limit": (
        ("Deployment", "orders"),
        container(lambda each: each["resources"]["requests"].update(memory="64Gi")),
        "must be less than or equal to memory limit",
    ),
    "a quantity that is none": (
        ("Deployment", "orders"),
        container(lambda each: each["resources"]["limits"].update(memory="many")),
        "quantities must match the regular expression",
    ),
    "a field that nobody knows": (
        ("Deployment", "orders"),
        container(lambda each: each.update(readynessProbe={})),
        ".readynessProbe: field not declared in schema",
    ),
    "an update that may neither add nor take": (
        ("Deployment", "orders"),
        no_update,
        "may not be 0 when `maxSurge` is 0",
    ),
    "a selector that its pods do not have": (
        ("Deployment", "orders"),
        spec(selector={"matchLabels": {"app": "another"}}),
        "`selector` does not match template `labels`",
    ),
    "a floor above the ceiling": (
        ("HorizontalPodAutoscaler", "orders"),
        spec(minReplicas=5, maxReplicas=4),
        "must be greater than or equal to `minReplicas`",
    ),
    "a budget of two minds": (
        ("PodDisruptionBudget", "orders"),
        spec(minAvailable=1),
        "minAvailable and maxUnavailable cannot be both set",
    ),
    "a port that cannot be": (
        ("Service", "orders"),
        spec(ports=[{"name": "http", "port": 70000}]),
        "must be between 1 and 65535",
    ),
    "a range that is none": (
        ("NetworkPolicy", "orders"),
        spec(egress=[{"to": [{"ipBlock": {"cidr": "10.0.0.0/33"}}]}]),
        "must be a valid CIDR value",
    ),
    "a number where a custom resource has a name": (
        ("PodMonitor", "orders"),
        spec(podMetricsEndpoints=[{"port": 8080}]),
        "expected string",
    ),
    "a database without instances": (
        ("Cluster", "postgres"),
        spec(instances=0),
        "should be greater than or equal to 1",
    ),
    "a broker with storage of no kind": (
        ("KafkaNodePool", "shop"),
        spec(storage={"type": "tape"}),
        "supported values",
    ),
}


@pytest.fixture(scope="module")
def applier(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("lab")) as lab:
        made = Applier(lab=lab)
        record_stack("kind", recorder=made, scaling=WITH_AUTOSCALERS)
        assert made.refused == []
        yield made


@pytest.mark.parametrize("fault", FAULTS)
def test_the_server_refuses(applier, fault):
    """Nothing is changed by it; what was not planted is taken."""
    (kind, name), plant, words = FAULTS[fault]
    [good] = [each for each in applier.applied if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    planted = copy.deepcopy(good)
    plant(planted)
    assert words in refusal(applier.lab, planted)
    assert refusal(applier.lab, good) == ""


def refusal(lab, wanted):
    """What the server says to a dry run; nothing, if it would take it."""
    try:
        lab.kubectl(
            "apply",
            "--server-side",
            "--dry-run=server",
            "--validate=strict",
            "--filename=-",
            manifest=json.dumps(wanted),
        )
    except Refused as error:
        return str(error)
    return ""


def test_the_table_names_every_fault():
    """docs/planted-faults.md is read by people who do not run this."""
    rows = [line for line in TABLE.read_text().splitlines() if line.startswith("| ")]
    for fault, (_, _, words) in FAULTS.items():
        assert any(fault in row and words.replace("|", "\\|") in row for row in rows), fault
