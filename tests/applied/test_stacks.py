"""Each stack, applied whole to a real API server, in the order in which Pulumi asks for it."""

import copy
import json

import pytest

from applied.applying import Applier
from applied.lab import running_lab
from recording import STACKS, record_stack

NODES = "12"
PATIENCE = "--timeout=240s"


@pytest.fixture(scope="module", params=STACKS)
def applier(request, tmp_path_factory):
    """A stack in a cluster of its own."""
    with running_lab(tmp_path_factory.mktemp("lab"), "--nodes", NODES) as lab:
        made = Applier(lab=lab)
        record_stack(request.param, recorder=made)
        yield made


def manifests(applied):
    return "\n---\n".join(json.dumps(each) for each in applied)


def test_the_server_takes_all_of_it(applier):
    """Every object, custom ones by their real definitions; fields that nobody knows are refused."""
    assert applier.refused == []
    kinds = {each["kind"] for each in applier.applied}
    assert kinds >= {
        "Deployment",
        "Service",
        "ScaledObject",
        "PodDisruptionBudget",
        "NetworkPolicy",
        "PodMonitor",
    }


def test_every_pod_of_the_shop_finds_a_node_and_is_ready(applier):
    """By the real scheduler and controllers, under the rules that the namespaces enforce."""
    waiting = applier.lab.kubectl(
        "wait", "--for=condition=Available", "deployment", "--all", "-n", "shop", PATIENCE
    )
    wanted = [each for each in applier.applied if each["kind"] == "Deployment"]
    assert waiting.count("condition met") == len([w for w in wanted if w["metadata"]["namespace"] == "shop"])
    applier.lab.kubectl("wait", "--for=condition=Complete", "job", "--all", "-n", "shop", PATIENCE)


def test_an_unchanged_program_changes_nothing(applier):
    """What the server and its controllers have added since is theirs, and no difference."""
    assert (
        applier.lab.kubectl("diff", "--server-side", "--filename=-", manifest=manifests(applier.applied))
        == ""
    )


def test_a_change_is_all_that_differs(applier):
    """One more image: one line goes, one comes."""
    [at] = [
        number
        for number, each in enumerate(applier.applied)
        if (each["kind"], each["metadata"]["name"]) == ("Deployment", "orders")
    ]
    changed = copy.deepcopy(applier.applied)
    changed[at]["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/orders:next"
    shown = applier.lab.kubectl(
        "diff", "--server-side", "--filename=-", manifest=manifests(changed), allowed=(0, 1)
    )
    different = [
        line for line in shown.splitlines() if line.startswith(("+", "-")) and line[1:4] not in ("++ ", "-- ")
    ]
    assert [line[0] for line in different if "generation" not in line] == ["-", "+"]
    assert "registry.example/orders:next" in shown
