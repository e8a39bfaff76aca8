"""Objectives and how fast their budget burns, in numbers."""

from datetime import timedelta

import promql_parser
import pytest

from objectives import BURNS, OBJECTIVES, PERIOD
from unit.infra.program import run_stack
from unit.infra.queries import Asked, alerts_of, rules_of

MINUTES, HOURS, DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ANSWERED = "purchase-answered"


@pytest.fixture(scope="module")
def rules():
    return run_stack("kind")


def holds(node, values):
    """The number of an expression, or None where it has no result. `values` are those of the series."""
    match node:
        case promql_parser.NumberLiteral():
            return node.val
        case promql_parser.VectorSelector():
            return values[node.name]
        case promql_parser.BinaryExpr():
            left, right = holds(node.lhs, values), holds(node.rhs, values)
            keeps = {">": lambda: left > right, "and": lambda: None not in (left, right)}
            return left if left is not None and keeps[str(node.op)]() else None
    raise NotImplementedError(node)


def firing(rules, objective, bad):
    """The severities of what is told. `bad(window)` is the share of errors within one that ends now."""
    windows = {
        rule["record"]: rule["record"].removeprefix("objective:errors:ratio_rate")
        for rule in rules_of(rules)
        if "record" in rule
    }
    values = {name: bad(promql_parser.parse_duration(window)) for name, window in windows.items()}
    return [
        alert["labels"]["severity"]
        for alert in alerts_of(rules)
        if alert["labels"].get("objective") == objective
        and holds(promql_parser.parse(alert["expr"]), values) is not None
    ]


def outage(lasted, ago=timedelta(), share=1.0):
    """A share of the requests failed for so long, until so long ago, under a load that is even."""
    return lambda window: share * max(timedelta(), min(lasted, window - ago)) / window


def test_the_rates_are_those_of_the_workbook():
    """14.4 times over 1 h and 5 min, 6 times over 6 h and 30 min, once over 3 d and 6 h."""
    assert [(round(burn.rate, 6), burn.long, burn.short) for burn in BURNS] == [
        (14.4, HOURS, 5 * MINUTES),
        (6.0, 6 * HOURS, 30 * MINUTES),
        (1.0, 3 * DAYS, 6 * HOURS),
    ]


def test_thresholds_can_be_reached():
    """A share of errors above 1 does not exist: an alert on it would never fire."""
    assert all(0 < burn.threshold(objective) < 1 for objective in OBJECTIVES for burn in BURNS)


def test_a_budget_is_so_many_minutes_of_outage():
    """99.9 % of thirty days."""
    budget = {each.name: each.budget * PERIOD / MINUTES for each in OBJECTIVES}
    assert budget[ANSWERED] == pytest.approx(43.2)


def test_nothing_is_told_while_the_promise_is_kept(rules):
    """At nine tenths of what may be bad, for ever."""
    assert firing(rules, ANSWERED, lambda window: 0.0009) == []


def test_what_uses_up_the_budget_is_told_by_the_morning(rules):
    """At a rate that is a little too high, for ever."""
    assert firing(rules, ANSWERED, lambda window: 0.0011) == ["warning"]


@pytest.mark.parametrize(("lasted", "told"), [(50, False), (53, True)])
def test_a_full_outage_is_told_within_a_minute(rules, lasted, told):
    """When 2 % of the month's budget is gone: 51.84 s."""
    assert ("critical" in firing(rules, ANSWERED, outage(timedelta(seconds=lasted)))) is told


@pytest.mark.parametrize(("lasted", "told"), [(12, False), (18, True)])
def test_what_fails_now_and_then_is_told_later(rules, lasted, told):
    """At 5 % of errors 2 % of the budget are gone after 17.28 minutes."""
    assert ("critical" in firing(rules, ANSWERED, outage(lasted * MINUTES, share=0.05))) is told


def test_it_is_over_minutes_after_the_outage_is(rules):
    """The short windows let go; the long ones alone would tell for hours."""
    ended = outage(10 * MINUTES, ago=6 * MINUTES)
    assert ended(HOURS) > BURNS[0].rate * 0.001
    assert len(firing(rules, ANSWERED, outage(10 * MINUTES))) > len(firing(rules, ANSWERED, ended))
    assert "critical" not in firing(rules, ANSWERED, outage(10 * MINUTES, ago=31 * MINUTES))


def test_no_customers_are_no_errors(rules):
    """Without an event a share is NaN, which is above nothing."""
    assert firing(rules, ANSWERED, lambda window: float("nan")) == []


def test_a_share_is_of_all_events():
    """What is good is a part of what is counted: the same series, with a matcher more."""
    for objective in OBJECTIVES:
        [events], [good] = Asked("", objective.events).selectors, Asked("", objective.good).selectors
        wanted = {str(matcher) for matcher in events.matchers.matchers}
        assert wanted < {str(matcher) for matcher in good.matchers.matchers}
