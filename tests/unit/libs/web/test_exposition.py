"""Expositions of several processes as one."""

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from seawall.web.exposition import merged


def registry(value):
    """What one process has: with labels and without, an exemplar, and braces where a parser may trip."""
    made = CollectorRegistry()
    Counter("plain", "Has no labels", registry=made).inc(value)
    labelled = Histogram("shown_seconds", 'Has {labels}, "quotes"\nand lines', ["route"], registry=made)
    labelled.labels('/v1/{sku} "x"\\').observe(value, {"trace_id": "abc"})
    return made


@pytest.mark.parametrize(
    ("generate", "parse"), [(generate_latest, parse_text), (generate_openmetrics, parse_openmetrics)]
)
def test_all_that_each_had_is_there_by_worker(generate, parse):
    """Values, labels and exemplars are unchanged; each family is told once."""
    texts = {number: generate(registry(number)).decode() for number in (1, 7)}
    alone = {number: list(parse(text)) for number, text in texts.items()}
    families = list(parse(merged(texts)))
    assert [family.name for family in families] == [family.name for family in alone[1]]
    for number, expected in alone.items():
        for family, original in zip(families, expected, strict=True):
            assert (family.documentation, family.type) == (original.documentation, original.type)
            mine = [sample for sample in family.samples if sample.labels["worker"] == str(number)]
            assert [(s.name, s.labels, s.value, s.exemplar) for s in mine] == [
                (s.name, s.labels | {"worker": str(number)}, s.value, s.exemplar) for s in original.samples
            ]


def test_what_only_one_has_is_there():
    """A worker that has not come so far yet hides nothing of the others."""
    text = "# HELP late_total Late\n# TYPE late_total counter\nlate_total 3.0\n"
    assert merged({0: "", 1: text}) == text.replace("late_total 3.0", 'late_total{worker="1"} 3.0')
