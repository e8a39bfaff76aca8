"""Before a sale, on a real API server and scheduler: floors are raised by who may, and headroom gives way."""

import json

import pytest

from applied.applying import Applier
from applied.lab import Refused, running_lab
from recording import record_stack

ADAPTER = '{"pods": "prometheus-adapter", "min_replicas": 3, "max_replicas": 60, "headroom_pods": 6}'
HAND = "--as=system:serviceaccount:capacity:pre-scaling"
ENOUGH = 12
PATIENCE = "--timeout=240s"


@pytest.fixture(scope="module")
def applier(tmp_path_factory):
    """The stack of production, whose floors the jobs raise."""
    with running_lab(tmp_path_factory.mktemp("lab"), "--nodes", str(ENOUGH)) as lab:
        made = Applier(lab=lab)
        record_stack("aws-prod", recorder=made, scaling=ADAPTER)
        assert made.refused == []
        yield made


def jobs(applier):
    """The steps in the order of their times: up before the sale, down after it."""
    found = [each["spec"] for each in applier.applied if each["kind"] == "CronJob"]
    return sorted(found, key=lambda spec: int(spec["schedule"].split()[1]))


def run(applier, job):
    """What its pod would do, as who it would be."""
    for container in job["jobTemplate"]["spec"]["template"]["spec"]["containers"]:
        applier.lab.kubectl(HAND, *container["args"])


def floor(applier, name):
    spec = json.loads(applier.lab.kubectl("get", "hpa", name, "-n", "shop", "--output=json"))["spec"]
    return spec["minReplicas"]


def test_floors_are_raised_and_let_go(applier):
    """The jobs' own commands, with the rights of their account alone."""
    up, down = jobs(applier)
    run(applier, up)
    assert (floor(applier, "orders"), floor(applier, "catalog")) == (30, 12)
    run(applier, down)
    assert (floor(applier, "orders"), floor(applier, "catalog")) == (3, 3)


@pytest.mark.parametrize(
    "arguments",
    [
        ("patch", "hpa", "gateway", "-n", "shop", "--type=merge", '--patch={"spec":{"minReplicas":1}}'),
        ("patch", "deployment", "orders", "-n", "shop", "--type=merge", '--patch={"spec":{"replicas":0}}'),
        ("get", "secrets", "-n", "shop"),
        ("delete", "hpa", "orders", "-n", "shop"),
    ],
)
def test_the_hand_that_raises_floors_may_do_nothing_else(applier, arguments):
    """Not to a service that no sale names, and nothing but to patch."""
    with pytest.raises(Refused, match="is forbidden"):
        applier.lab.kubectl(HAND, *arguments)


def test_headroom_gives_its_room_to_who_needs_it(applier):
    """On nodes that are full of it, pods of the shop are running at once; no pod of the shop has to go."""
    lab = applier.lab
    lab.kubectl("wait", "--for=condition=Available", "deployment", "--all", "-n", "shop", PATIENCE)
    lab.kubectl("scale", "deployment", "headroom", "-n", "capacity", "--replicas=200")
    lab.kubectl(
        "wait", "--for=jsonpath={.status.replicas}=200", "deployment/headroom", "-n", "capacity", PATIENCE
    )
    lab.kubectl("scale", "deployment", "orders", "-n", "shop", "--replicas=40")
    lab.kubectl(
        "wait", "--for=jsonpath={.status.availableReplicas}=40", "deployment/orders", "-n", "shop", PATIENCE
    )
    events = lab.kubectl("get", "events", "-A", "--field-selector=reason=Preempted", "--output=json")
    gone = {event["involvedObject"]["namespace"] for event in json.loads(events)["items"]}
    assert gone == {"capacity"}
