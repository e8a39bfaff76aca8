"""Whom alerts reach, as Alertmanager's configuration. https://prometheus.io/docs/alerting/latest/configuration/"""

from collections.abc import Mapping
from typing import Any

from settings import Receiver

SECRET, KEY = "alert-receiver", "receiver"
# Where the operator mounts the secrets that its Alertmanager names.
FILE = f"/etc/alertmanager/secrets/{SECRET}/{KEY}"
PEOPLE, NOBODY = "people", "nobody"

_SUMMARIES = "{{ range .Alerts }}{{ .Annotations.summary }} ({{ .Annotations.runbook }})\n{{ end }}"
_TITLE = '[{{ .Status }}] {{ .CommonLabels.severity }}: {{ .GroupLabels.SortedPairs.Values | join " " }}'
_KINDS: Mapping[Receiver, tuple[str, dict[str, Any]]] = {
    "webhook": ("webhook_configs", {"url_file": FILE}),
    "slack": ("slack_configs", {"api_url_file": FILE, "title": _TITLE, "text": _SUMMARIES}),
    "pagerduty": (
        "pagerduty_configs",
        {
            "routing_key_file": FILE,
            "description": _TITLE,
            "severity": "{{ .CommonLabels.severity }}",
            "details": {"firing": _SUMMARIES},
        },
    ),
}


def alertmanager(receiver: Receiver) -> dict[str, Any]:
    """Its configuration. A critical alert is told at once and again each hour, a warning twice a day.

    What ends is told too. A warning is silent while the same budget burns critically. `none` tells nobody:
    alerts are to be seen in Alertmanager alone.
    """
    urgent = {
        "receiver": _of(receiver),
        "matchers": ['severity = "critical"'],
        "group_wait": "10s",
        "repeat_interval": "1h",
    }
    return {
        "route": {
            "receiver": _of(receiver),
            "group_by": ["alertname", "objective", "namespace"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "12h",
            # Of the chart: one always fires, the other only silences.
            "routes": [
                {"receiver": NOBODY, "matchers": ['alertname =~ "Watchdog|InfoInhibitor"']},
                urgent,
            ],
        },
        "inhibit_rules": [
            {
                "source_matchers": ['severity = "critical"', 'objective != ""'],
                "target_matchers": ['severity = "warning"'],
                "equal": ["alertname", "objective"],
            },
            {
                "source_matchers": ['alertname = "InfoInhibitor"'],
                "target_matchers": ['severity = "info"'],
                "equal": ["namespace"],
            },
        ],
        "receivers": [{"name": NOBODY}, *([_people(receiver)] if receiver != "none" else [])],
    }


def _of(receiver: Receiver) -> str:
    return NOBODY if receiver == "none" else PEOPLE


def _people(receiver: Receiver) -> dict[str, Any]:
    name, settings = _KINDS[receiver]
    return {"name": PEOPLE, name: [{"send_resolved": True, **settings}]}
