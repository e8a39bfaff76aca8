"""What can be done with the catalogue."""

from collections.abc import Sequence

from services.catalog.domain import (
    Product,
    ProductPage,
    Sale,
    SaleExists,
    SaleProposal,
    UnknownProduct,
    UnknownSale,
    make_sale,
)
from services.catalog.ports import Catalogue


async def list_products(catalogue: Catalogue, after_sku: str | None, limit: int) -> ProductPage:
    """One page of at most `limit` products; one more is read to know whether another page follows."""
    products = await catalogue.products_after(after_sku, limit + 1)
    more = len(products) > limit
    return ProductPage(products[:limit], products[limit - 1].sku if more else None)


async def find_product(catalogue: Catalogue, sku: str) -> Product:
    """The product. Raises UnknownProduct."""
    product = (await catalogue.products_named([sku])).get(sku)
    if product is None:
        raise UnknownProduct(sku)
    return product


async def list_sales(catalogue: Catalogue) -> Sequence[Sale]:
    """All sales in the order in which they open."""
    return await catalogue.sales()


async def find_sale(catalogue: Catalogue, sale_id: str) -> Sale:
    """The sale. Raises UnknownSale."""
    sale = await catalogue.sale(sale_id)
    if sale is None:
        raise UnknownSale(sale_id)
    return sale


async def schedule_sale(catalogue: Catalogue, proposal: SaleProposal) -> tuple[Sale, bool]:
    """Schedules and announces a sale; the flag is False where the same one was scheduled before.

    Raises InvalidSale, UnknownProduct, or SaleExists where its id is taken by other content.
    """
    products = await catalogue.products_named([offer.sku for offer in proposal.offers])
    sale = make_sale(proposal, products)
    if await catalogue.add_sale(sale):
        return sale, True
    if await catalogue.sale(sale.sale_id) != sale:
        raise SaleExists(sale.sale_id)
    return sale, False


async def fill(catalogue: Catalogue, products: Sequence[Product], sales: Sequence[Sale]) -> int:
    """Puts the first products and sales on the shelves; what is there already stays as it is."""
    return await catalogue.add_missing(products, sales)
