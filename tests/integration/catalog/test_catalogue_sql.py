"""The port Catalogue on PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from services.catalog.domain import Product, SaleExists, SaleProposal
from services.catalog.seed import seed_products, seed_sales
from services.catalog.use_cases import fill, list_products, schedule_sale
from shop.catalog.v1 import catalog_pb2

NOW = datetime(2026, 11, 24, 9, 30, 0, 123_000, tzinfo=UTC)
PRODUCTS = seed_products()
SALES = seed_sales(PRODUCTS, NOW)


async def announced(database):
    """The events in the outbox, in their order."""
    async with database.connection() as connection:
        rows = await connection.execute(text("SELECT key, payload FROM outbox ORDER BY id"))
        return [(row.key, catalog_pb2.SaleScheduled.FromString(row.payload)) for row in rows]


async def test_what_goes_in_comes_out(catalogue):
    """Products and sales come back equal, times and order included."""
    await fill(catalogue, PRODUCTS, SALES)
    assert await catalogue.products_after(None, 1000) == PRODUCTS
    assert await catalogue.sales() == sorted(SALES, key=lambda sale: sale.opens_at)
    assert await catalogue.sale("last-chance") == SALES[0]
    assert await catalogue.sale("none") is None
    named = await catalogue.products_named(["BAG-TOTE-NVY", "NONE", "BAG-TOTE-NVY"])
    assert list(named) == ["BAG-TOTE-NVY"]


async def test_pages(catalogue):
    """Pages follow each other without gap or overlap."""
    await fill(catalogue, PRODUCTS, [])
    seen: list[Product] = []
    after = None
    while True:
        page = await list_products(catalogue, after, 33)
        seen += page.products
        after = page.last_sku
        if after is None:
            break
    assert seen == PRODUCTS


async def test_replicas_fill_it_once(catalogue, database):
    """Replicas that start together add each product once, and announce each sale once."""
    starts = [NOW + timedelta(hours=n) for n in range(5)]
    added = await asyncio.gather(
        *(fill(catalogue, PRODUCTS, seed_sales(PRODUCTS, start)) for start in starts)
    )
    assert sum(added) == len(PRODUCTS) + len(SALES)
    assert sorted(key for key, _ in await announced(database)) == sorted(sale.sale_id for sale in SALES)


async def test_filling_again_changes_nothing(catalogue, database):
    """A later start keeps the sales, and their dates, of the first; only what is missing is added."""
    await fill(catalogue, PRODUCTS[1:], SALES[1:])
    assert await fill(catalogue, PRODUCTS, seed_sales(PRODUCTS, NOW + timedelta(days=9))) == 2
    assert await catalogue.sale("autumn-drop") == SALES[1]
    assert len(await announced(database)) == len(SALES)


async def test_the_event_says_what_the_sale_says(catalogue, database):
    """SaleScheduled carries the sale, its times in milliseconds."""
    await catalogue.add_sale(SALES[0])
    ((key, event),) = await announced(database)
    assert key == event.sale_id == "last-chance"
    assert datetime.fromtimestamp(event.opens_at_ms / 1000, UTC) == SALES[0].opens_at
    assert datetime.fromtimestamp(event.closes_at_ms / 1000, UTC) == SALES[0].closes_at
    first = SALES[0].items[0]
    assert (event.items[0].sku, event.items[0].name) == (first.sku, first.name)
    assert (event.items[0].stock, event.items[0].price_minor) == (first.stock, first.price_minor)
    assert (event.items[0].currency, event.items[0].per_customer_cap) == ("EUR", first.per_customer_cap)
    assert len(event.items) == len(SALES[0].items)


async def test_operators_race_for_an_id(catalogue, database):
    """Of two sales with one id one wins and is announced; the other is told so; a repeat is neither."""
    await fill(catalogue, PRODUCTS, [])
    sale = SALES[0]
    proposal = SaleProposal(sale.title, sale.description, sale.opens_at, sale.closes_at, (), "raced")
    rivals = [replace(proposal, title=f"Rival {n % 2}") for n in range(8)]
    results = await asyncio.gather(
        *(schedule_sale(catalogue, rival) for rival in rivals), return_exceptions=True
    )
    assert sum(isinstance(result, SaleExists) for result in results) == 4
    assert sum(result[1] for result in results if isinstance(result, tuple)) == 1
    assert len(await announced(database)) == 1


async def test_a_failed_announcement_leaves_no_sale(catalogue, database):
    """Where the outbox cannot be written the sale is not there either."""
    async with database.transaction() as connection:
        await connection.execute(text("ALTER TABLE outbox RENAME TO gone"))
    failed = (await asyncio.gather(catalogue.add_sale(SALES[0]), return_exceptions=True))[0]
    assert isinstance(failed, Exception)
    assert await catalogue.sale("last-chance") is None
