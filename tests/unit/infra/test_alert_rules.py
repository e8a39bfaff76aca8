"""Alerts: each says how bad it is, what it is, and what to do."""

import re
from pathlib import Path

import pytest

from unit.infra.program import BACKED_UP, STACKS, run_stack
from unit.infra.queries import Asked, alerts_of

CHECKOUT = Path(__file__).parents[3]
INDEX = CHECKOUT / "docs" / "runbooks" / "README.md"
OF_BACKUPS = {"BackupFailed", "BackupTooOld", "ArchiveLags"}
ALL = "kind, backed up"


@pytest.fixture(scope="module", params=[*STACKS, ALL])
def stack(request):
    return run_stack("kind", **BACKED_UP) if request.param == ALL else run_stack(request.param)


def test_the_operator_picks_the_rules_up(stack):
    """The chart is told to take rules of any label; ours has its release's as well, for one that is not."""
    spec = stack.one("Release", "kube-prometheus-stack").inputs["values"]["prometheus"]["prometheusSpec"]
    assert spec["ruleSelectorNilUsesHelmValues"] is False
    metadata = stack.one("PrometheusRule").inputs["metadata"]
    assert (metadata["namespace"], metadata["labels"]["release"]) == ("monitoring", "kube-prometheus-stack")


def test_each_alert_says_what_to_do(stack):
    """A severity, a summary, and a runbook that is there."""
    for alert in alerts_of(stack):
        assert alert["labels"]["severity"] in {"critical", "warning"}
        assert alert["annotations"]["summary"]
        assert (CHECKOUT / alert["annotations"]["runbook"]).is_file(), alert["alert"]


def test_the_runbooks_name_each_alert(stack):
    """In the table of docs/runbooks/README.md, with the page that the alert names."""
    rows = re.findall(r"^\| `(\w+)` \|.*\]\(([\w-]+\.md)\) \|$", INDEX.read_text(), re.MULTILINE)
    named = {
        (alert["alert"], alert["annotations"]["runbook"].rpartition("/")[2]) for alert in alerts_of(stack)
    }
    unmade = set() if stack.of("ScheduledBackup") else OF_BACKUPS
    assert {row for row in rows if row[0] not in unmade} == named
    assert len(rows) == len(set(rows)) == len(named) + len(unmade)


def test_no_two_alerts_are_the_same(stack):
    """Prometheus takes two rules of one name and labels for a fault."""
    marks = [(alert["alert"], *sorted(alert["labels"].items())) for alert in alerts_of(stack)]
    assert len(set(marks)) == len(marks)


def test_each_service_is_missed(stack):
    """When no pod of it can be scraped, or none has ever been."""
    missed = {alert["labels"]["service"] for alert in alerts_of(stack) if alert["alert"] == "ServiceGone"}
    assert missed == {
        each.manifest_name
        for each in stack.of("PodMonitor")
        if each.inputs["metadata"]["namespace"] == "shop"
    }


def test_a_summary_fills_in_labels_that_the_alert_has(stack):
    """What is left of its expression has them."""
    for alert in alerts_of(stack):
        named = set(re.findall(r"\$labels\.(\w+)", alert["annotations"]["summary"]))
        asked = Asked(alert["alert"], alert["expr"])
        of_kubernetes = {"deployment", "horizontalpodautoscaler"} if "kube_" in alert["expr"] else set()
        assert named <= {*asked.labels_kept, *of_kubernetes}, alert


@pytest.mark.parametrize("metrics", ["prometheus", "amp"])
def test_the_rules_are_the_clusters_whoever_keeps_the_metrics(metrics):
    """A workspace of AWS has no part in it: Prometheus in the cluster evaluates them."""
    stack = run_stack("aws-prod", observability=f'{{"metrics": "{metrics}", "alerts": "pagerduty"}}')
    assert alerts_of(stack)
    assert stack.one("Release", "kube-prometheus-stack")
