"""What the public API answers, as far as the pages show it; unknown fields are left out."""

from datetime import datetime

from msgspec import Struct


class Product(Struct, frozen=True):
    """A product; prices are in minor units (cents)."""

    sku: str
    name: str
    description: str
    category: str
    price_minor: int
    currency: str
    attributes: dict[str, str] = {}


class ProductPage(Struct, frozen=True):
    """Some products, and the cursor that continues after them."""

    items: list[Product]
    next_cursor: str | None = None


class SaleItem(Struct, frozen=True):
    """A product in a sale."""

    sku: str
    name: str
    stock: int
    price_minor: int
    currency: str
    per_customer_cap: int


class Sale(Struct, frozen=True):
    """Items offered together for a time."""

    sale_id: str
    title: str
    opens_at: datetime
    closes_at: datetime
    items: list[SaleItem]
    description: str = ""

    def item(self, sku: str) -> SaleItem | None:
        """The item with this SKU, or None."""
        return next((item for item in self.items if item.sku == sku), None)

    def phase(self, now: datetime) -> str:
        """`upcoming`, `open` or `closed` at that moment."""
        if now < self.opens_at:
            return "upcoming"
        return "open" if now < self.closes_at else "closed"


class SaleList(Struct, frozen=True):
    """All sales."""

    items: list[Sale]


class StockItem(Struct, frozen=True):
    """How many units can be ordered now."""

    sku: str
    available: int


class Stock(Struct, frozen=True):
    """What is left of a sale."""

    items: list[StockItem]


class Tokens(Struct, frozen=True):
    """A session: a short-lived access token and the token that renews it once."""

    access_token: str
    expires_in: int
    refresh_token: str


class Order(Struct, frozen=True):
    """An order as its customer sees it."""

    order_id: str
    sale_id: str
    sku: str
    quantity: int
    amount_minor: int
    currency: str
    state: str
    placed_at: datetime
    updated_at: datetime
    reason: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ("confirmed", "cancelled")


class OrderList(Struct, frozen=True):
    """The customer's latest orders."""

    items: list[Order]
