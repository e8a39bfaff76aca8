"""What dashboards and alerts read is what the services export."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tools.devstack.services import SERVICES

MEASURED = yaml.safe_load(Path("infra/pulumi/measured.yaml").read_text())
# Those that the devstack starts, and the libs that they use: what no service brings along is not exported.
SOURCES = [Path("src/python/libs/seawall"), *(Path("src/python/services") / name for name in SERVICES)]
KINDS = {"Counter": "counter", "Gauge": "gauge", "Histogram": "histogram"}


def nodes() -> Iterator[ast.AST]:
    """All that the libs and services say."""
    for folder in SOURCES:
        for path in folder.rglob("*.py"):
            yield from ast.walk(ast.parse(path.read_text()))


NODES = list(nodes())


def exported() -> dict[str, dict[str, Any]]:
    """Each metric, by the name that Prometheus reads: a counter's ends in _total."""
    found = {}
    for node in NODES:
        match node:
            case ast.Call(func=ast.Name(id=made), args=[ast.Constant(value=str(name)), _, *labels]) if (
                made in KINDS
            ):
                known = f"{name.removesuffix('_total')}_total" if made == "Counter" else name
                bounds = [each.value for each in node.keywords if each.arg == "buckets"]
                found[known] = {
                    "kind": KINDS[made],
                    "labels": ast.literal_eval(labels[0]) if labels else [],
                    "bounds": set(ast.literal_eval(bounds[0])) if bounds else set(),
                }
    return found


def test_what_is_read_is_exported() -> None:
    """By this name, as this kind, with these labels, and with a bucket at each bound that is named."""
    known = exported()
    for name, metric in MEASURED["services"].items():
        there = known[name]
        assert (metric["kind"], metric.get("labels", [])) == (there["kind"], there["labels"]), name
        assert set(metric.get("bounds", ())) <= there["bounds"], name


def test_values_that_are_named_are_in_the_sources() -> None:
    """A route that was renamed would be counted nowhere."""
    said = {node.value for node in NODES if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    for values in MEASURED["values"].values():
        assert set(values) <= said
