"""What makes a sale a valid one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.catalog.domain import (
    InvalidSale,
    Offer,
    Product,
    SaleProposal,
    UnknownProduct,
    derived_sale_id,
    make_sale,
)

MUG = Product("MUG", "Mug", "A mug.", "Galley", 1600, "EUR")
OPENS = datetime(2026, 12, 1, 12, tzinfo=UTC)
PROPOSAL = SaleProposal(
    "Déjà Vu!", "", OPENS, OPENS + timedelta(hours=1), (Offer("MUG", 5, 900, 2),), "again"
)
SHELF = {"MUG": MUG}


def test_name_and_currency_come_from_the_product():
    """An offer says what the sale changes; the rest is the product's."""
    item = make_sale(PROPOSAL, SHELF).items[0]
    assert (item.name, item.currency, item.stock, item.price_minor) == ("Mug", "EUR", 5, 900)


def test_times_are_utc_in_whole_milliseconds():
    """What an event cannot carry is cut off, so that a repeat of the sale is equal to it."""
    zone = timezone(timedelta(hours=2))
    opens = datetime(2026, 12, 1, 14, 0, 0, 123_456, zone)
    sale = make_sale(replace(PROPOSAL, opens_at=opens), SHELF)
    assert sale.opens_at == datetime(2026, 12, 1, 12, 0, 0, 123_000, UTC)
    assert sale.opens_at.utcoffset() == timedelta(0)


def test_a_sale_closes_after_it_opens():
    """Closing at the opening or before names the field."""
    with pytest.raises(InvalidSale) as refused:
        make_sale(replace(PROPOSAL, closes_at=OPENS), SHELF)
    assert refused.value.field == "closes_at"


def test_each_sku_once():
    """The second offer of a SKU is named by its place."""
    with pytest.raises(InvalidSale) as refused:
        make_sale(replace(PROPOSAL, offers=PROPOSAL.offers * 2), SHELF)
    assert refused.value.field == "items[1].sku"


def test_unknown_sku():
    """An offer of something that is no product is named by its place."""
    with pytest.raises(UnknownProduct) as refused:
        make_sale(replace(PROPOSAL, offers=(*PROPOSAL.offers, Offer("CUP", 1, 1, 1))), SHELF)
    assert (refused.value.sku, refused.value.field) == ("CUP", "items[1].sku")


def test_derived_ids():
    """Without an id the content gives one: the same for the same, another for another."""
    nameless = replace(PROPOSAL, sale_id=None)
    assert derived_sale_id(nameless).startswith("d-j-vu-")
    assert derived_sale_id(nameless) == make_sale(nameless, SHELF).sale_id
    assert derived_sale_id(nameless) != derived_sale_id(replace(nameless, description="x"))
    assert derived_sale_id(replace(nameless, title="海")).startswith("sale-")
