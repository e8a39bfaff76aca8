"""The port Catalogue in memory."""

from collections.abc import Mapping, Sequence

from services.catalog.domain import Product, Sale


class FakeCatalogue:
    """Keeps what it is given; `reads` counts what was asked of it, `announced` names the sales."""

    def __init__(self, products: Sequence[Product] = (), sales: Sequence[Sale] = ()) -> None:
        self.shelf = {product.sku: product for product in products}
        self.scheduled = {sale.sale_id: sale for sale in sales}
        self.announced: list[str] = []
        self.reads = 0

    async def products_after(self, sku: str | None, limit: int) -> Sequence[Product]:
        self.reads += 1
        return [self.shelf[name] for name in sorted(self.shelf) if sku is None or name > sku][:limit]

    async def products_named(self, skus: Sequence[str]) -> Mapping[str, Product]:
        self.reads += 1
        return {sku: self.shelf[sku] for sku in skus if sku in self.shelf}

    async def sales(self) -> Sequence[Sale]:
        self.reads += 1
        return sorted(self.scheduled.values(), key=lambda sale: (sale.opens_at, sale.sale_id))

    async def sale(self, sale_id: str) -> Sale | None:
        self.reads += 1
        return self.scheduled.get(sale_id)

    async def add_sale(self, sale: Sale) -> bool:
        if sale.sale_id in self.scheduled:
            return False
        self.scheduled[sale.sale_id] = sale
        self.announced.append(sale.sale_id)
        return True

    async def add_missing(self, products: Sequence[Product], sales: Sequence[Sale]) -> int:
        new = [product for product in products if product.sku not in self.shelf]
        self.shelf |= {product.sku: product for product in new}
        return len(new) + sum([await self.add_sale(sale) for sale in sales])
