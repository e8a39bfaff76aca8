"""Queries of dashboards and alerts: PromQL that reads what there is."""

from pathlib import Path

import promql_parser
import pytest
import yaml

import recording
from components.microservice.scaling import SERVICE_LABEL
from unit.infra.program import BACKED_UP, run_stack
from unit.infra.queries import Asked, asked, dashboards_of, family, rules_of, targets_of

MEASURED = yaml.safe_load((Path(recording.__file__).parent / "measured.yaml").read_text())
OF_EACH_POD = {"namespace", "pod", "container", SERVICE_LABEL}
OVER_TIME = {"rate", "increase"}


@pytest.fixture(scope="module", params=["kind", "aws-prod"])
def name(request):
    return request.param


@pytest.fixture(scope="module")
def stack(name):
    return run_stack(name, **(BACKED_UP if name == "kind" else {}))


@pytest.fixture(scope="module")
def known(name):
    """What a stack's queries may read: its platform's stores among it."""
    exporters = MEASURED["stores"][name.partition("-")[0]].values()
    of_stores = {metric: about for exporter in exporters for metric, about in exporter.items()}
    return MEASURED["services"] | MEASURED["cluster"] | of_stores


@pytest.fixture(scope="module")
def queries(stack):
    return asked(stack)


@pytest.fixture(scope="module")
def recorded(stack):
    return {rule["record"] for rule in rules_of(stack) if "record" in rule}


def labels_of(name, known):
    """Those that a series of this name has."""
    metric = known[family(name, known)]
    own = set(metric.get("labels", ())) | ({"le"} if name.endswith("_bucket") else set())
    return own | OF_EACH_POD if family(name, known) in MEASURED["services"] else own


def test_all_is_promql(queries):
    """By a parser that knows the types of functions and operators."""
    for each in queries:
        assert each.selectors, each


def test_what_is_no_promql_is_found():
    """The parser does its work: a range is missing, a parenthesis, a function."""
    for broken in ("rate(up)", "sum(up", "nosuch(up)"):
        with pytest.raises(ValueError, match=r"\w"):
            _ = Asked("here", broken).nodes


def test_only_what_is_measured_is_read(queries, recorded, known):
    """Or recorded by a rule of ours; and nothing is listed that nobody reads."""
    read = {selector.name for each in queries for selector in each.selectors}
    assert {family(name, known) for name in read - recorded} == set(known)


def test_only_labels_that_a_metric_has_are_named(queries, recorded, known):
    """In its matchers, and in what is summed by."""
    for each in queries:
        seen: set[str] = set()
        for selector in each.selectors:
            labels = {"objective"} if selector.name in recorded else labels_of(selector.name, known)
            assert {matcher.name for matcher in selector.matchers.matchers} <= labels, each
            seen |= labels
        assert set(each.labels_kept) <= seen, each


def test_only_values_that_there_are_are_compared(queries, known):
    """Routes of the services, bounds of the buckets: another would match nothing, and tell nothing."""
    for each in queries:
        for selector in each.selectors:
            for matcher in selector.matchers.matchers:
                if matcher.name == "route":
                    assert set(matcher.value.split("|")) <= set(MEASURED["values"]["route"]), each
                if matcher.name == "le":
                    bounds = known[family(selector.name, known)]["bounds"]
                    assert matcher.value in {str(float(bound)) for bound in bounds}, each


def test_a_rate_is_of_a_counter(queries, known):
    """Of a gauge it is a number without a meaning."""
    for each in queries:
        for node in each.nodes:
            if isinstance(node, promql_parser.Call) and node.func.name in OVER_TIME:
                name = node.args[0].vector_selector.name
                kind = known[family(name, known)]["kind"]
                assert kind == "counter" or name != family(name, known), each


def test_a_line_is_called_by_labels_that_it_has(stack):
    """A legend names what its query sums by."""
    for dashboard in dashboards_of(stack):
        for title, target in targets_of(dashboard):
            kept = {*Asked(title, target["expr"]).labels_kept, "objective"}
            named = {part.split("}}")[0] for part in target["legendFormat"].split("{{")[1:]}
            assert named <= kept, (title, target)
