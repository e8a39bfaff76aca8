"""Products, sales, and what makes a sale a valid one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Product:
    """Something that the shop knows how to sell; `price_minor` is the list price in cents."""

    sku: str
    name: str
    description: str
    category: str
    price_minor: int
    currency: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SaleItem:
    """A product in a sale: `stock` units at `price_minor` cents, `per_customer_cap` to each customer."""

    sku: str
    name: str
    stock: int
    price_minor: int
    currency: str
    per_customer_cap: int


@dataclass(frozen=True, slots=True)
class Sale:
    """Items offered together from `opens_at` until `closes_at` (UTC, whole milliseconds)."""

    sale_id: str
    title: str
    description: str
    opens_at: datetime
    closes_at: datetime
    items: tuple[SaleItem, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What an operator says of one item; name and currency come from the product."""

    sku: str
    stock: int
    price_minor: int
    per_customer_cap: int


@dataclass(frozen=True, slots=True)
class SaleProposal:
    """A sale as an operator asks for it. Without a `sale_id` one is derived from the content."""

    title: str
    description: str
    opens_at: datetime
    closes_at: datetime
    offers: tuple[Offer, ...]
    sale_id: str | None = None


@dataclass(frozen=True, slots=True)
class ProductPage:
    """Products in order of SKU; `last_sku` continues after this page, None ends."""

    products: Sequence[Product]
    last_sku: str | None


class CatalogError(Exception):
    """CatalogError > InvalidSale, UnknownProduct, UnknownSale, SaleExists."""


class InvalidSale(CatalogError):
    """The proposal breaks a rule; `field` and `limit` say which."""

    def __init__(self, field_name: str, limit: str) -> None:
        super().__init__(f"{field_name}: {limit}")
        self.field = field_name
        self.limit = limit


class UnknownProduct(CatalogError):
    """No product has this SKU; `field` names where it was asked for, if in a body."""

    def __init__(self, sku: str, field_name: str | None = None) -> None:
        super().__init__(f"No product has the SKU {sku}.")
        self.sku = sku
        self.field = field_name


class UnknownSale(CatalogError):
    """No sale has this id."""

    def __init__(self, sale_id: str) -> None:
        super().__init__(f"No sale has the id {sale_id}.")


class SaleExists(CatalogError):
    """A sale with this id but other content is scheduled already."""

    def __init__(self, sale_id: str) -> None:
        super().__init__(f"The sale {sale_id} is scheduled already, with other content.")


def whole_milliseconds(moment: datetime) -> datetime:
    """The moment in UTC, cut to what an event can carry."""
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


def make_sale(proposal: SaleProposal, products: Mapping[str, Product]) -> Sale:
    """The sale that a proposal asks for. Raises InvalidSale or UnknownProduct."""
    opens_at, closes_at = whole_milliseconds(proposal.opens_at), whole_milliseconds(proposal.closes_at)
    if closes_at <= opens_at:
        raise InvalidSale("closes_at", "later than opens_at")
    items = tuple(
        _make_item(offer, products, f"items[{position}].sku")
        for position, offer in enumerate(proposal.offers)
    )
    skus = [item.sku for item in items]
    for position, sku in enumerate(skus):
        if sku in skus[:position]:
            raise InvalidSale(f"items[{position}].sku", "each SKU once in a sale")
    sale_id = proposal.sale_id or derived_sale_id(proposal)
    return Sale(sale_id, proposal.title, proposal.description, opens_at, closes_at, items)


def _make_item(offer: Offer, products: Mapping[str, Product], field_name: str) -> SaleItem:
    product = products.get(offer.sku)
    if product is None:
        raise UnknownProduct(offer.sku, field_name)
    return SaleItem(
        sku=product.sku,
        name=product.name,
        stock=offer.stock,
        price_minor=offer.price_minor,
        currency=product.currency,
        per_customer_cap=offer.per_customer_cap,
    )


def derived_sale_id(proposal: SaleProposal) -> str:
    """The title as a slug and a digest of the content: the same proposal gives the same id again."""
    slug = re.sub(r"[^a-z0-9]+", "-", proposal.title.lower()).strip("-")[:40].strip("-")
    times = (whole_milliseconds(proposal.opens_at), whole_milliseconds(proposal.closes_at))
    content = repr((proposal.title, proposal.description, times, proposal.offers))
    return f"{slug or 'sale'}-{sha256(content.encode()).hexdigest()[:8]}"
