"""Autoscaling by what services count, by KEDA itself: requests per second, lag, the clock of a sale."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from applied.counting import Counting
from applied.lab import running_lab
from applied.rush import NAMESPACE, SERVICE, Rush, service_manifests

FLOOR, BEHIND, SALE = 3, 6, 8
# What comes is enough for nine pods and a half; an autoscaler lets a tenth pass before it asks for one more.
CROWD, ENOUGH = 9.5, (9, 10)
PATIENCE_SECONDS = 240.0
# A minute of production is 20 s here, and its five minutes 25 s: requests are forgotten sooner than pods.
COUNTED_OVER = "20s"
SHORT = {
    "stabilizationWindowSeconds": 25,
    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
}
# By then both would be over.
BLIND_SECONDS = 80


class Told:
    """The service's ScaledObject as production has it, but for who is asked, and shorter times."""

    def __init__(self, prometheus):
        self._prometheus = prometheus
        self.thresholds = {}

    def __call__(self, spec):
        spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"] = SHORT
        spec["pollingInterval"] = 5
        for trigger in spec["triggers"]:
            asked = trigger["metadata"]
            if trigger["type"] == "prometheus":
                asked["serverAddress"] = self._prometheus
                asked["query"] = asked["query"].replace("[1m]", f"[{COUNTED_OVER}]")
                self.thresholds[asked["query"]] = int(asked["threshold"])

    def per_pod(self, word):
        """What one pod takes, by a word of the query that asks for it."""
        [threshold] = {value for query, value in self.thresholds.items() if word in query}
        return threshold


@pytest.fixture(scope="module")
def rush(tmp_path_factory):
    """Quiet, a crowd, nobody measures while it is there, quiet, messages pile up, quiet, a sale."""
    folder = tmp_path_factory.mktemp("lab")
    with running_lab(folder, "--nodes", "9", "--keda") as lab:
        course = Rush(lab)
        counting = Counting(course, ("orders.sales", "orders.replies"))
        port = json.loads((folder / "lab.json").read_text())["ports"]["prometheus"]
        told = Told(f"http://127.0.0.1:{port}")
        with counting.scraped_by(folder / "prometheus" / "targets"):
            course.set_up(told)
            requests, messages = (
                told.per_pod("seawall_http_requests_total"),
                told.per_pod("seawall_consumer_lag"),
            )
            quiet = requests * FLOOR / 2
            # The processor is not what is short.
            course.load, course.requests = 0.1 * course.cores_per_pod, quiet
            settle(course, "quiet", FLOOR)
            course.hold(20)
            course.requests = requests * CROWD
            settle(course, "crowd", *ENOUGH)
            course.hold(20)
            course.phase, course.requests, counting.is_away = "blind", quiet, True
            course.hold(BLIND_SECONDS)
            counting.is_away = False
            settle(course, "over", FLOOR)
            course.messages = round(messages * (BEHIND - 0.5))
            settle(course, "behind", BEHIND)
            course.messages = 0
            settle(course, "caught up", FLOOR)
            lab.apply(json.dumps(during_a_sale(told)))
            settle(course, "sale", SALE)
            settle(course, "after the sale", FLOOR)
        course.keep()
        yield course


def settle(course, phase, *pods):
    """Goes on until as many pods are wanted as are ready, one of these numbers."""
    course.phase = phase
    course.until(
        lambda seen: seen.wanted == seen.ready and seen.ready in pods, PATIENCE_SECONDS, f"{phase}: {pods}"
    )


def during_a_sale(told):
    """The same ScaledObject with a sale of a minute, which begins with one that is 20 s away or more."""
    opens = (datetime.now(UTC) + timedelta(seconds=80)).replace(second=0, microsecond=0)
    sale = {
        "name": "now",
        "opens_at": opens.isoformat(),
        "ahead": "PT0S",
        "lasts": "PT1M",
        "replicas": {SERVICE: SALE},
    }
    [wanted] = [
        each for each in service_manifests({"sales": json.dumps([sale])}) if each["kind"] == "ScaledObject"
    ]
    told(wanted["spec"])
    return wanted


def during(rush, phase):
    return [seen for seen in rush.samples if seen.phase == phase]


def test_requests_make_pods(rush):
    """As many as keep each at its part of the knee; by CPU there would be the floor."""
    assert {seen.wanted for seen in during(rush, "quiet")[-5:]} == {FLOOR}
    assert {seen.ready for seen in during(rush, "crowd")[-5:]} <= set(ENOUGH)


def test_nobody_goes_while_nobody_counts(rush):
    """No figure is not a figure of nothing: what cannot be seen may still be there."""
    assert min(seen.wanted for seen in during(rush, "blind")) >= min(ENOUGH)


def test_with_the_requests_the_pods_go(rush):
    """Down to the floor, and not below it."""
    assert during(rush, "over")[-1].ready == FLOOR
    assert all(seen.wanted >= FLOOR for seen in rush.samples if seen.phase != "quiet")


def test_messages_that_pile_up_make_pods(rush):
    """By the lag of one of its consumers, and they go when it has caught up."""
    assert during(rush, "behind")[-1].ready == BEHIND
    assert during(rush, "caught up")[-1].ready == FLOOR


def test_a_sale_raises_the_floor_by_its_clock(rush):
    """Before anybody is there, and lets it go at its end."""
    assert during(rush, "sale")[-1].ready == SALE
    assert during(rush, "after the sale")[-1].ready == FLOOR


def test_the_autoscaler_is_the_one_that_keda_keeps(rush):
    """Its name is the service's, as dashboards and runbooks have it."""
    found = json.loads(rush.lab.kubectl("get", "hpa", SERVICE, "-n", NAMESPACE, "--output=json"))
    assert found["metadata"]["ownerReferences"][0]["kind"] == "ScaledObject"
