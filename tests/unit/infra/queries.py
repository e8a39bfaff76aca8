"""What a stack's dashboards and rules ask Prometheus, taken apart by a parser of PromQL."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import promql_parser

from promql import SINCE
from recording import Recorder

PARTS = ("_bucket", "_count", "_sum")


@dataclass(frozen=True)
class Asked:
    """One expression, and where it stands."""

    where: str
    text: str

    @cached_property
    def nodes(self) -> list[Any]:
        """All of its tree. Raises ValueError where it is no PromQL."""
        found: list[Any] = []
        promql_parser.walk(promql_parser.parse(self.text.replace(SINCE, "5m")), found.append)
        return found

    @property
    def selectors(self) -> list[promql_parser.VectorSelector]:
        """What it reads."""
        return [node for node in self.nodes if isinstance(node, promql_parser.VectorSelector)]

    @property
    def labels_kept(self) -> Iterator[str]:
        """Those that it sums by, or compares on."""
        for node in self.nodes:
            modifier = getattr(node, "modifier", None)
            matching = getattr(modifier, "matching", modifier)
            yield from matching.labels if matching else ()


def rules_of(stack: Recorder) -> list[dict[str, Any]]:
    """The rules of all groups, in their order."""
    groups = stack.one("PrometheusRule").inputs["spec"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts_of(stack: Recorder, *, without: str = "") -> list[dict[str, Any]]:
    """Those that tell somebody, but for one group's."""
    groups = stack.one("PrometheusRule").inputs["spec"]["groups"]
    return [
        rule for group in groups if group["name"] != without for rule in group["rules"] if "alert" in rule
    ]


def dashboards_of(stack: Recorder) -> list[dict[str, Any]]:
    """The models that Grafana gets."""
    marked = [
        each
        for each in stack.of("ConfigMap")
        if "grafana_dashboard" in each.inputs["metadata"].get("labels", {})
    ]
    return [json.loads(text) for each in marked for text in each.inputs["data"].values()]


def targets_of(dashboard: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each query of a dashboard, with the title of its panel."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target


def asked(stack: Recorder) -> list[Asked]:
    """Everything that is asked."""
    found = [Asked(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules_of(stack)]
    for dashboard in dashboards_of(stack):
        found += [
            Asked(f"{dashboard['title']}: {title}", each["expr"]) for title, each in targets_of(dashboard)
        ]
    for scaled in stack.of("ScaledObject"):
        asked_by = [each["metadata"] for each in scaled.inputs["spec"]["triggers"]]
        found += [Asked(scaled.name, each["query"]) for each in asked_by if "query" in each]
    return found


def family(name: str, known: dict[str, Any]) -> str:
    """The metric that a series is of: a histogram has several."""
    bases = [name.removesuffix(part) for part in PARTS if name.endswith(part)]
    return next((base for base in bases if known.get(base, {}).get("kind") == "histogram"), name)
