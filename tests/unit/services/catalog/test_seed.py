"""The goods of the demonstration shop."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

from services.catalog.seed import seed_products, seed_sales

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
PRODUCTS = seed_products()


def test_two_hundred_products():
    """There are 200 products, each with its own SKU, name and description, in ten categories."""
    assert len(PRODUCTS) == 200
    for names in ([p.sku for p in PRODUCTS], [(p.category, p.name) for p in PRODUCTS]):
        assert len(set(names)) == 200
    assert set(Counter(product.category for product in PRODUCTS).values()) == {20}


def test_products_are_believable():
    """Prices lie between a pair of socks and a tent, descriptions are sentences, facts are complete."""
    for product in PRODUCTS:
        assert 1000 <= product.price_minor <= 50_000, product.sku
        assert re.fullmatch(r"[A-Z]{3}-[A-Z]+-[A-Z]{3}", product.sku)
        assert 60 <= len(product.description) <= 300, product.sku
        assert product.description.endswith(".")
        assert set(product.attributes) == {"finish", "material", "weight", "care"}


def test_the_same_every_time():
    """The goods are made without chance; sales depend on the hour of the first start only."""
    assert seed_products() == PRODUCTS
    assert seed_sales(PRODUCTS, NOW) == seed_sales(PRODUCTS, NOW + timedelta(minutes=5))


def test_three_sales():
    """One open with a single last piece, one open and big, one to come; all cheaper than the list price."""
    last_chance, autumn, winter = seed_sales(PRODUCTS, NOW)
    assert last_chance.sale_id == "last-chance"
    assert 1 in {item.stock for item in last_chance.items}
    assert max(item.stock for item in last_chance.items) < 20
    assert autumn.sale_id == "autumn-drop"
    assert sum(item.stock for item in autumn.items) > 50_000
    assert winter.sale_id == "winter-preview"
    assert last_chance.opens_at < NOW < last_chance.closes_at
    assert autumn.opens_at < NOW < autumn.closes_at
    assert winter.opens_at > NOW
    prices = {product.sku: product.price_minor for product in PRODUCTS}
    for sale in (last_chance, autumn, winter):
        assert all(item.price_minor < prices[item.sku] for item in sale.items)
