"""A service reads what an older or newer one has sent: contracts grow, and never change."""

import json
import re

import pytest

from build.schemas import BASELINE, Schemas, breaks, committed

BEFORE: Schemas = {
    "shop.a.v1.Order": {"1": "string order_id", "2": "repeated string skus"},
    "shop.a.v1.Kind": {"0": "KIND_UNSPECIFIED"},
    "shop.a.v1.Orders": {"Find": "shop.a.v1.Order -> shop.a.v1.Order"},
}
REMEDY = "after an addition run: PYTHONPATH=protos python tests/build/schemas.py"


def changed(name: str, **parts: str | None) -> Schemas:
    """BEFORE with some parts of one schema replaced, added, or taken away by None."""
    merged = BEFORE[name] | parts
    return BEFORE | {name: {key: text for key, text in merged.items() if text is not None}}


def test_no_contract_breaks_its_readers() -> None:
    """Fields, names and methods of the baseline are all there, as they were. Else: a new version beside."""
    assert list(breaks(json.loads(BASELINE.read_text(encoding="utf-8")), committed())) == []


def test_the_baseline_knows_all_that_is_published() -> None:
    """What is not in it could be changed without notice."""
    assert list(breaks(committed(), json.loads(BASELINE.read_text(encoding="utf-8")))) == [], REMEDY


def test_every_contract_has_a_version() -> None:
    """A change that breaks readers goes into a package, and a topic, with the next number."""
    assert committed()
    assert [name for name in committed() if not re.match(r"shop\.\w+\.v[1-9]\d*\.", name)] == []


@pytest.mark.parametrize(
    "after",
    [
        changed("shop.a.v1.Order", **{"3": "int64 price_minor"}),
        changed("shop.a.v1.Kind", **{"1": "KIND_GIFT"}),
        BEFORE | {"shop.a.v1.Refund": {"1": "string order_id"}},
    ],
)
def test_additions_are_fine(after: Schemas) -> None:
    """Older readers pass over what they do not know."""
    assert list(breaks(BEFORE, after)) == []


@pytest.mark.parametrize(
    "after",
    [
        changed("shop.a.v1.Order", **{"2": None}),
        changed("shop.a.v1.Order", **{"2": None, "3": "repeated string skus"}),
        changed("shop.a.v1.Order", **{"1": "bytes order_id"}),
        changed("shop.a.v1.Order", **{"1": "string id"}),
        changed("shop.a.v1.Order", **{"2": "string skus"}),
        changed("shop.a.v1.Kind", **{"0": "KIND_GIFT"}),
        changed("shop.a.v1.Orders", Find="shop.a.v1.Kind -> shop.a.v1.Order"),
        {name: parts for name, parts in BEFORE.items() if name != "shop.a.v1.Kind"},
    ],
)
def test_a_change_that_breaks_a_reader_is_refused(after: Schemas) -> None:
    """Taken away, moved to another number, of another type, renamed, no longer repeated."""
    assert len(list(breaks(BEFORE, after))) == 1
