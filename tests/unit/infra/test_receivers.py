"""Alerts reach whom the stack names, by Alertmanager itself where there is one."""

import json
import subprocess
import time
from typing import get_args

import pytest

from components.watching.receivers import FILE, KEY, NOBODY, PEOPLE, SECRET, alertmanager
from settings import Receiver
from unit.infra.alertmanager import ALERTMANAGER, AMTOOL, WHERE, amtool, fire, people, running, states
from unit.infra.program import IS_SECRET, SECRET_MARK, run_stack
from unit.infra.queries import alerts_of

RECEIVERS = get_args(Receiver)
needs_amtool = pytest.mark.skipif(AMTOOL is None, reason=f"there is no amtool here: {WHERE}")


@pytest.fixture(scope="module")
def production():
    return run_stack("aws-prod")


def values_of(recorded):
    return recorded.one("Release", "kube-prometheus-stack").inputs["values"]["alertmanager"]


@needs_amtool
@pytest.mark.parametrize("receiver", RECEIVERS)
def test_alertmanager_takes_the_configuration(receiver, tmp_path):
    """Each kind of receiver, by its own check."""
    file = tmp_path / "alertmanager.yml"
    file.write_text(json.dumps(alertmanager(receiver)))
    assert "SUCCESS" in amtool("check-config", str(file))


@needs_amtool
def test_a_field_that_it_does_not_know_is_refused(tmp_path):
    """The check above can fail."""
    wrong = alertmanager("webhook")
    wrong["receivers"][1]["webhook_configs"][0]["address_file"] = "nowhere"
    file = tmp_path / "alertmanager.yml"
    file.write_text(json.dumps(wrong))
    with pytest.raises(subprocess.CalledProcessError):
        amtool("check-config", str(file))


@needs_amtool
@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("alertname=Watchdog", NOBODY),
        ("alertname=InfoInhibitor", NOBODY),
        ("alertname=ErrorBudgetBurns severity=critical objective=purchase", PEOPLE),
        ("alertname=QueueGrows severity=warning", PEOPLE),
    ],
)
def test_an_alert_takes_its_way(labels, expected, tmp_path):
    """By Alertmanager's own routing."""
    file = tmp_path / "alertmanager.yml"
    file.write_text(json.dumps(alertmanager("slack")))
    given = [f"--config.file={file}", f"--verify.receivers={expected}", *labels.split()]
    assert amtool("config", "routes", "test", *given).strip() == expected


@pytest.mark.skipif(ALERTMANAGER is None, reason=f"there is no Alertmanager here: {WHERE}")
def test_people_hear_of_a_critical_alert_and_not_of_its_warning(tmp_path):
    """The URL is read from the file; the budget that burns slowly too is told once, as critical."""
    with people() as (url, heard):
        (tmp_path / "url").write_text(url)
        configuration = json.dumps(alertmanager("webhook")).replace(FILE, str(tmp_path / "url"))
        with running(tmp_path, configuration) as address:
            burns = {"alertname": "ErrorBudgetBurns", "objective": "purchase"}
            fire(address, **burns, severity="critical", window="1h")
            fire(address, **burns, severity="warning", window="6h")
            fire(address, **burns | {"objective": "browse"}, severity="warning", window="6h")
            end = time.monotonic() + 60
            while not heard and time.monotonic() < end:
                time.sleep(0.1)
            told = [alert for message in heard for alert in message["alerts"]]
            assert [(alert["labels"]["severity"], alert["status"]) for alert in told] == [
                ("critical", "firing")
            ]
            assert told[0]["annotations"]["runbook"] == "docs/runbooks/sale-day.md"
            # A warning would come later: that it is held back, Alertmanager says itself.
            assert states(address, severity="warning") == {"purchase": "suppressed", "browse": "active"}


def test_what_is_inhibited_and_routed_are_labels_that_our_alerts_have(production):
    """A label that was renamed would silence nobody, or everybody."""
    rules = alerts_of(production)
    assert {rule["labels"]["severity"] for rule in rules} == {"critical", "warning"}
    assert any("objective" in rule["labels"] for rule in rules)


def test_on_kind_the_secret_is_made_of_the_configuration():
    """Pulumi's state holds it encrypted only."""
    url = "https://hooks.example/T0/B0"
    recorded = run_stack("kind", observability='{"alerts": "slack"}', alerts_secret=url)
    secret = recorded.one("kubernetes:core/v1:Secret", SECRET).inputs
    assert secret["metadata"]["namespace"] == "monitoring"
    told = secret["stringData"]
    assert (told[SECRET_MARK], told["value"]) == (IS_SECRET, {KEY: url})
    assert values_of(recorded)["alertmanagerSpec"]["secrets"] == [SECRET]


def test_the_secret_is_mounted_where_it_is_read(production):
    """On AWS it comes from Secrets Manager; and is in no value of the chart."""
    made = production.one("ExternalSecret", SECRET).inputs
    assert (made["metadata"]["namespace"], made["spec"]["target"]["name"]) == ("monitoring", SECRET)
    assert made["spec"]["dataFrom"] == [{"extract": {"key": "seawall-aws-prod/alert-receiver"}}]
    values = values_of(production)
    assert values["alertmanagerSpec"]["secrets"] == [SECRET]
    [receiver] = [each for each in values["config"]["receivers"] if each["name"] == PEOPLE]
    assert receiver["pagerduty_configs"][0]["routing_key_file"] == FILE


def test_without_a_receiver_nobody_is_told():
    """And no secret is made for it."""
    recorded = run_stack("kind")
    assert {each["name"] for each in values_of(recorded)["config"]["receivers"]} == {NOBODY}
    assert values_of(recorded)["config"]["route"]["receiver"] == NOBODY
    assert not [each for each in recorded.of("Secret") if each.manifest_name == SECRET]
