"""The items on sale in PostgreSQL, with what is asked often kept in memory."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import text

from seawall.resilience import before_deadline, start_detached
from seawall.sql import Database
from services.orders.domain import SaleItem

_ADD = text("""
INSERT INTO sale_items (sale_id, sku, price_minor, currency, opens_at_ms, closes_at_ms)
SELECT * FROM unnest(
    CAST(:sale_ids AS text[]), CAST(:skus AS text[]), CAST(:prices AS bigint[]),
    CAST(:currencies AS text[]), CAST(:opens AS bigint[]), CAST(:closes AS bigint[])
)
ON CONFLICT DO NOTHING
""")
_ITEMS = text("""
SELECT sale_id, sku, price_minor, currency, opens_at_ms, closes_at_ms FROM sale_items WHERE sale_id = :sale_id
""")

Items = Mapping[str, SaleItem]


class SqlSales:
    """The Sales port. Remembers the last `max_sales` sales, an unknown one for a second only."""

    def __init__(
        self,
        database: Database,
        *,
        max_sales: int = 1_000,
        known_seconds: float = 30.0,
        unknown_seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._max_sales = max_sales
        self._known_seconds = known_seconds
        self._unknown_seconds = unknown_seconds
        self._clock = clock
        self._cache: dict[str, tuple[float, Items]] = {}
        self._reads: dict[str, asyncio.Task[Items]] = {}

    @property
    def remembered(self) -> list[str]:
        """The sales kept in memory."""
        return list(self._cache)

    async def add(self, items: Sequence[SaleItem]) -> None:
        ordered = sorted(items, key=lambda item: (item.sale_id, item.sku))
        async with self._database.transaction() as connection:
            await connection.execute(
                _ADD,
                {
                    "sale_ids": [i.sale_id for i in ordered],
                    "skus": [i.sku for i in ordered],
                    "prices": [i.price_minor for i in ordered],
                    "currencies": [i.currency for i in ordered],
                    "opens": [i.opens_at_ms for i in ordered],
                    "closes": [i.closes_at_ms for i in ordered],
                },
            )
        for item in ordered:
            self._cache.pop(item.sale_id, None)

    async def items(self, sale_id: str) -> Items:
        until, items = self._cache.get(sale_id, (0.0, {}))
        if self._clock() < until:
            return items
        # One read per sale, however many ask; a caller that gives up does not take it from the others.
        read = self._reads.get(sale_id)
        if read is None:
            read = self._reads[sale_id] = start_detached(self._read(sale_id))
            read.add_done_callback(lambda _: self._reads.pop(sale_id, None))
        return await before_deadline(asyncio.shield(read))

    async def _read(self, sale_id: str) -> Items:
        async with self._database.connection() as connection:
            rows = (await connection.execute(_ITEMS, {"sale_id": sale_id})).all()
        items = {row.sku: SaleItem(*row) for row in rows}
        self._remember(sale_id, items)
        return items

    def _remember(self, sale_id: str, items: Items) -> None:
        self._cache.pop(sale_id, None)
        while len(self._cache) >= self._max_sales:
            del self._cache[next(iter(self._cache))]
        seconds = self._known_seconds if items else self._unknown_seconds
        self._cache[sale_id] = (self._clock() + seconds, items)
