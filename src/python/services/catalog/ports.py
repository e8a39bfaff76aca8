"""What the catalogue needs of the world."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from services.catalog.domain import Product, Sale


class Catalogue(Protocol):
    """Where products and sales are kept.

    A sale becomes visible and its SaleScheduled event becomes due in one step: both or neither.
    """

    async def products_after(self, sku: str | None, limit: int) -> Sequence[Product]:
        """At most `limit` products in order of SKU, after this SKU or from the first."""

    async def products_named(self, skus: Sequence[str]) -> Mapping[str, Product]:
        """Those of the SKUs that exist."""

    async def sales(self) -> Sequence[Sale]:
        """All sales in the order in which they open."""

    async def sale(self, sale_id: str) -> Sale | None:
        """The sale, or None."""

    async def add_sale(self, sale: Sale) -> bool:
        """Adds the sale and announces it; False, with nothing done, where its id is taken."""

    async def add_missing(self, products: Sequence[Product], sales: Sequence[Sale]) -> int:
        """Adds all that is not there yet, at once, however many do it together; gives the number added."""
