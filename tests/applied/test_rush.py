"""Autoscaling, updates and evictions as the real controllers do them, on simulated pods and nodes."""

import os

import pytest

from applied.lab import running_lab
from applied.rush import NAMESPACE, SERVICE, Rush, is_ready

FLOOR, CROWD = 3, 10
TARGET = 0.6
PATIENCE_SECONDS = 240.0
# The windows of production let pods go over a quarter of an hour; SEAWALL_LAB_WINDOWS=real keeps them.
SHORT = {
    "stabilizationWindowSeconds": 10,
    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
}
REAL = os.environ.get("SEAWALL_LAB_WINDOWS") == "real"


def for_the_lab(autoscaler):
    """Nobody measures requests here: CPU and memory remain. And going down takes seconds, not minutes."""
    autoscaler["metrics"] = [each for each in autoscaler["metrics"] if each["type"] == "Resource"]
    if not REAL:
        autoscaler["behavior"]["scaleDown"] = SHORT


@pytest.fixture(scope="module")
def rush(tmp_path_factory):
    """The whole course: quiet, a crowd, an update in its midst, evictions, quiet again."""
    with running_lab(tmp_path_factory.mktemp("lab"), "--nodes", "0", "--karpenter") as lab:
        course = Rush(lab, overrides={"scaling": '{"pods": "prometheus-adapter"}'})
        course.set_up(for_the_lab)
        course.load = FLOOR * TARGET / 2 * course.cores_per_pod
        course.until(lambda seen: seen.wanted == seen.ready == FLOOR, PATIENCE_SECONDS, "the floor")
        course.hold(20)
        course.phase, course.load = "crowd", CROWD * TARGET * course.cores_per_pod
        course.until(lambda seen: seen.ready >= CROWD, PATIENCE_SECONDS, "pods for the crowd")
        course.until(
            lambda seen: seen.wanted == seen.ready == CROWD,
            900 if REAL else PATIENCE_SECONDS,
            "as many as are needed",
        )
        course.phase = "update"
        lab.kubectl(
            "set", "image", f"deployment/{SERVICE}", "*=registry.example/orders:next", "-n", NAMESPACE
        )
        course.until(lambda seen: is_updated(lab), PATIENCE_SECONDS, "the update")
        course.phase = "evictions"
        course.refusals = evict_all(course)
        course.until(lambda seen: seen.ready == seen.wanted, PATIENCE_SECONDS, "the evicted pods again")
        course.phase, course.load = "over", FLOOR * TARGET / 2 * course.cores_per_pod
        course.until(
            lambda seen: seen.wanted == seen.ready == FLOOR,
            1500 if REAL else PATIENCE_SECONDS,
            "the floor again",
        )
        most = max(seen.nodes for seen in course.samples)
        course.until(lambda seen: seen.nodes < most, PATIENCE_SECONDS, "fewer nodes")
        course.hold(20)
        course.keep()
        yield course


def is_updated(lab):
    """Every pod is of the new image, and available."""
    path = (
        "jsonpath={.status.updatedReplicas} {.status.availableReplicas} {.status.replicas} {.spec.replicas}"
    )
    numbers = lab.kubectl("get", "deployment", SERVICE, "-n", NAMESPACE, f"--output={path}").split()
    return len(numbers) == 4 and len(set(numbers)) == 1


def evict_all(course):
    """Asks for all ready pods to go at once, as a drain would. Returns what was said to each."""
    return [course.evict(pod["metadata"]["name"]) for pod in course.pods() if is_ready(pod)]


def during(rush, phase):
    return [seen for seen in rush.samples if seen.phase == phase]


def test_a_crowd_makes_ten_pods_of_three(rush):
    """By CPU at 60 % of what a pod requests."""
    assert {seen.wanted for seen in during(rush, "quiet")[-5:]} == {FLOOR}
    assert during(rush, "crowd")[-1].ready == CROWD


def test_nodes_follow_the_pods_and_go_again(rush):
    """Karpenter makes nodes for pods that find no room, and gives them back."""
    before, at_most, after = (
        during(rush, "quiet")[-1].nodes,
        max(seen.nodes for seen in during(rush, "crowd")),
        rush.samples[-1].nodes,
    )
    assert before < at_most > after


def test_after_the_crowd_the_floor_is_back(rush):
    """And no pod below it."""
    assert rush.samples[-1].wanted == rush.samples[-1].ready == FLOOR
    assert all(seen.wanted >= FLOOR for seen in during(rush, "over"))


def test_an_update_never_takes_a_pod_away_first(rush):
    """At every look there were as many ready pods as wanted."""
    looks = during(rush, "update")
    assert len(looks) > 5
    assert min(seen.ready - seen.wanted for seen in looks) >= 0


def test_an_eviction_beyond_the_budget_is_refused(rush):
    """One may go; the others are told that it would violate the budget."""
    gone = [said for said in rush.refusals if not said]
    refused = [said for said in rush.refusals if "disruption budget" in said]
    assert len(gone) == 1
    assert len(refused) == len(rush.refusals) - 1
    assert min(seen.ready - seen.wanted for seen in during(rush, "evictions")) >= -1
