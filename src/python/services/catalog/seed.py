"""The goods of the demonstration shop, made from seed.toml: the same ones every time."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from services.catalog.domain import Offer, Product, Sale, SaleProposal, make_sale

CURRENCY = "EUR"


def seed_products() -> Sequence[Product]:
    """Some 200 products in order of SKU."""
    goods = _goods()
    return sorted(_products(goods["categories"], goods["finishes"]), key=lambda product: product.sku)


def seed_sales(products: Sequence[Product], first_start: datetime) -> Sequence[Sale]:
    """One sale with the last pieces, a big one, and one that opens later; times count from `first_start`."""
    by_sku = {product.sku: product for product in products}
    hour = first_start.replace(minute=0, second=0, microsecond=0)
    return [make_sale(_proposal(sale, by_sku, hour), by_sku) for sale in _goods()["sales"]]


@cache
def _goods() -> Mapping[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("seed.toml").read_text("utf-8"))


def _products(categories: Sequence[Mapping[str, Any]], finishes: Mapping[str, Any]) -> Iterator[Product]:
    for category in categories:
        for model in category["models"]:
            for finish_code in model["finishes"]:
                yield _product(category, model, finish_code, finishes[finish_code])


def _product(
    category: Mapping[str, Any], model: Mapping[str, Any], finish_code: str, finish: Mapping[str, Any]
) -> Product:
    return Product(
        sku=f"{category['code']}-{model['code']}-{finish_code}",
        name=f"{model['name']}, {finish['name']}",
        description=f"{model['line']} {finish['line']}",
        category=category["name"],
        price_minor=model["price"] + finish.get("surcharge", 0),
        currency=CURRENCY,
        attributes={
            "finish": finish["name"],
            "material": model["material"],
            "weight": _weight(model["weight_g"]),
            "care": model.get("care", category["care"]),
        },
    )


def _weight(grams: int) -> str:
    return f"{grams / 1000:.2f} kg" if grams >= 1000 else f"{grams} g"


def _proposal(sale: Mapping[str, Any], products: Mapping[str, Product], hour: datetime) -> SaleProposal:
    offers = tuple(
        Offer(
            sku=item["sku"],
            stock=item["stock"],
            price_minor=_reduced(products[item["sku"]].price_minor, sale["discount"]),
            per_customer_cap=item["cap"],
        )
        for item in sale["items"]
    )
    return SaleProposal(
        title=sale["title"],
        description=sale["description"],
        opens_at=hour + timedelta(days=sale["opens_in_days"]),
        closes_at=hour + timedelta(days=sale["closes_in_days"]),
        offers=offers,
        sale_id=sale["sale_id"],
    )


def _reduced(price_minor: int, discount: int) -> int:
    """The price less `discount` per cent, rounded to whole euros, as on a price tag."""
    return max(100, round(price_minor * (100 - discount) / 10_000) * 100)
