"""Rules of Prometheus, typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from objectives import Severity
from promql import duration

RUNBOOKS = "docs/runbooks"


@dataclass(frozen=True)
class Alert:
    """Somebody is told when `expression` has had a result for `lasts`. `runbook` is a page of docs/runbooks.

    A critical one wakes a person, a warning waits for the morning.
    """

    name: str
    summary: str
    expression: str
    severity: Severity
    runbook: str
    lasts: timedelta = timedelta()
    labels: Mapping[str, str] = field(default_factory=dict)

    def rule(self) -> dict[str, Any]:
        """As the PrometheusRule has it."""
        return {
            "alert": self.name,
            "expr": self.expression,
            **({"for": duration(self.lasts)} if self.lasts else {}),
            "labels": {"severity": self.severity, **self.labels},
            "annotations": {"summary": self.summary, "runbook": f"{RUNBOOKS}/{self.runbook}"},
        }


@dataclass(frozen=True)
class Record:
    """A series of its own, computed once for all who ask."""

    name: str
    expression: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def rule(self) -> dict[str, Any]:
        """As the PrometheusRule has it."""
        return {"record": self.name, "expr": self.expression, "labels": dict(self.labels)}


def group(
    name: str, rules: list[Alert] | list[Record], every: timedelta = timedelta(seconds=30)
) -> dict[str, Any]:
    """Rules that are evaluated one after the other."""
    return {"name": name, "interval": duration(every), "rules": [each.rule() for each in rules]}
