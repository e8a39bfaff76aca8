"""The catalogue in PostgreSQL: one JSONB document for each product and sale, keys beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.messaging import Outbox
from seawall.sql import Database
from services.catalog.adapters.sale_events import sale_scheduled
from services.catalog.domain import Product, Sale

_metadata = sa.MetaData()
_products = sa.Table(
    "products",
    _metadata,
    sa.Column("sku", sa.Text(collation="C"), primary_key=True),
    sa.Column("document", JSONB, nullable=False),
)
_sales = sa.Table(
    "sales",
    _metadata,
    sa.Column("sale_id", sa.Text(collation="C"), primary_key=True),
    sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("document", JSONB, nullable=False),
)


class CatalogueSql:
    """The port Catalogue; a sale and its outbox row are written in one transaction."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox

    async def products_after(self, sku: str | None, limit: int) -> Sequence[Product]:
        """At most `limit` products in order of SKU, after this SKU or from the first."""
        statement = sa.select(_products.c.document).order_by(_products.c.sku).limit(limit)
        if sku is not None:
            statement = statement.where(_products.c.sku > sku)
        return [msgspec.convert(document, Product) for document in await self._documents(statement)]

    async def products_named(self, skus: Sequence[str]) -> Mapping[str, Product]:
        """Those of the SKUs that exist."""
        statement = sa.select(_products.c.document).where(_products.c.sku.in_(set(skus)))
        products = [msgspec.convert(document, Product) for document in await self._documents(statement)]
        return {product.sku: product for product in products}

    async def sales(self) -> Sequence[Sale]:
        """All sales in the order in which they open."""
        statement = sa.select(_sales.c.document).order_by(_sales.c.opens_at, _sales.c.sale_id)
        return [msgspec.convert(document, Sale) for document in await self._documents(statement)]

    async def sale(self, sale_id: str) -> Sale | None:
        """The sale, or None."""
        statement = sa.select(_sales.c.document).where(_sales.c.sale_id == sale_id)
        documents = await self._documents(statement)
        return msgspec.convert(documents[0], Sale) if documents else None

    async def add_sale(self, sale: Sale) -> bool:
        """Adds the sale and announces it; False, with nothing done, where its id is taken."""
        async with self._database.transaction() as connection:
            return await self._insert_sales(connection, [sale]) == 1

    async def add_missing(self, products: Sequence[Product], sales: Sequence[Sale]) -> int:
        """Adds all that is not there yet; rivals wait for each other on the keys, and one adds."""
        rows = [{"sku": product.sku, "document": msgspec.to_builtins(product)} for product in products]
        async with self._database.transaction() as connection:
            added = 0
            if rows:
                statement = insert(_products).values(rows).on_conflict_do_nothing()
                added = len((await connection.execute(statement.returning(_products.c.sku))).all())
            return added + await self._insert_sales(connection, sales)

    async def _insert_sales(self, connection: AsyncConnection, sales: Sequence[Sale]) -> int:
        if not sales:
            return 0
        rows = [
            {"sale_id": sale.sale_id, "opens_at": sale.opens_at, "document": msgspec.to_builtins(sale)}
            for sale in sales
        ]
        statement = insert(_sales).values(rows).on_conflict_do_nothing().returning(_sales.c.sale_id)
        added = set((await connection.execute(statement)).scalars())
        await self._outbox.add(connection, [sale_scheduled(sale) for sale in sales if sale.sale_id in added])
        return len(added)

    async def _documents(self, statement: sa.Select[Any]) -> Sequence[Any]:
        async with self._database.connection() as connection:
            return list((await connection.execute(statement)).scalars())
