"""The ledger in PostgreSQL: a batch of commands is one transaction of a handful of statements."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from prometheus_client import Counter
from sqlalchemy import text

from seawall.messaging import Message, measure_tables, purge_inbox
from seawall.sql import Database, Statement
from seawall.telemetry import Origin
from services.inventory.adapters.events import event_message
from services.inventory.adapters.ledger_batch import (
    admit_and_load,
    item_of,
    read_ledger,
    reservation_of,
    store,
    wish_arrays,
)
from services.inventory.domain import (
    Commit,
    IllegalCommand,
    Item,
    Ledger,
    Position,
    Refusal,
    Sale,
    Wish,
)
from services.inventory.ports import Delivery

CONSUMER = "inventory.commands"

_log = logging.getLogger(__name__)
_DECIDED = Counter("shop_inventory_decisions_total", "Decisions of the ledger", ["event"])
_ILLEGAL = Counter("shop_inventory_illegal_commands_total", "Commands that no correct sender sends")

_ADD_SALES = text("""
INSERT INTO sales (sale_id, opens_at_ms, closes_at_ms)
SELECT * FROM unnest(CAST(:sale_ids AS text[]), CAST(:opens AS bigint[]), CAST(:closes AS bigint[]))
ON CONFLICT DO NOTHING
""")
_ADD_ITEMS = text("""
INSERT INTO ledger (sale_id, sku, stock, per_customer_cap)
SELECT * FROM unnest(
    CAST(:sale_ids AS text[]), CAST(:skus AS text[]), CAST(:stocks AS integer[]), CAST(:caps AS integer[])
)
ON CONFLICT DO NOTHING
""")
_ITEMS = Statement("""
SELECT sale_id, sku, stock, per_customer_cap, reserved, sold
FROM ledger WHERE sale_id = :sale_id ORDER BY sku
""")
_KEPT_PAGE = Statement("""
SELECT order_id, sale_id, sku, customer_id, quantity, state
FROM reservations
WHERE sale_id = :sale_id AND (sku, customer_id, order_id) > (:sku, :customer_id, :order_id)
    AND state IN ('reserved', 'sold')
ORDER BY sku, customer_id, order_id
LIMIT :page_size
""")
_UNFINISHED_SALES = text("""
SELECT sale_id FROM sales WHERE closes_at_ms > (extract(epoch FROM now()) - 3600) * 1000 ORDER BY sale_id
""")
_OWE = text("""
INSERT INTO owed_to_holds (order_id, sale_id, sku, customer_id, quantity)
SELECT * FROM unnest(
    CAST(:order_ids AS text[]), CAST(:sale_ids AS text[]), CAST(:skus AS text[]),
    CAST(:customer_ids AS text[]), CAST(:quantities AS integer[])
)
ON CONFLICT DO NOTHING
""")
_REPAY = Statement("""
WITH due AS (SELECT order_id FROM owed_to_holds ORDER BY order_id LIMIT :limit FOR UPDATE SKIP LOCKED)
DELETE FROM owed_to_holds USING due WHERE owed_to_holds.order_id = due.order_id
RETURNING owed_to_holds.order_id, sale_id, sku, customer_id, quantity, 'released' AS state
""")


class SqlLedger:
    """The LedgerStore port. `wake` is called when there are new events to publish."""

    def __init__(
        self,
        database: Database,
        *,
        wake: Callable[[], None] = lambda: None,
        page_size: int = 2_000,
    ) -> None:
        self._database = database
        self._wake = wake
        self._page_size = page_size

    async def schedule(self, sales: Sequence[Sale]) -> None:
        items = sorted((item for sale in sales for item in sale.items), key=lambda item: item.key)
        ordered = sorted(sales, key=lambda sale: sale.sale_id)
        async with self._database.transaction() as connection:
            await connection.execute(
                _ADD_SALES,
                {
                    "sale_ids": [s.sale_id for s in ordered],
                    "opens": [s.opens_at_ms for s in ordered],
                    "closes": [s.closes_at_ms for s in ordered],
                },
            )
            await connection.execute(
                _ADD_ITEMS,
                {
                    "sale_ids": [i.key.sale_id for i in items],
                    "skus": [i.key.sku for i in items],
                    "stocks": [i.stock for i in items],
                    "caps": [i.per_customer_cap for i in items],
                },
            )

    async def apply(self, deliveries: Sequence[Delivery]) -> list[Position]:
        wishes = [d.command.wish for d in deliveries if not isinstance(d.command, Commit)]
        async with self._database.transaction() as connection:
            fresh, ledger = await admit_and_load(connection, CONSUMER, deliveries)
            messages = _decide(ledger, fresh)
            await store(connection, ledger, messages)
        if messages:
            self._wake()
        return [ledger.position(wish) for wish in {w.order_id: w for w in wishes}.values()]

    async def preview(self, wishes: Sequence[Wish]) -> list[Refusal | None]:
        async with self._database.connection() as connection:
            ledger = await read_ledger(connection, wishes, [w.order_id for w in wishes])
        return [ledger.preview(wish) for wish in wishes]

    async def items(self, sale_id: str) -> list[Item]:
        async with self._database.connection() as connection:
            rows = await _ITEMS.fetch(connection, {"sale_id": sale_id})
        return [item_of(row) for row in rows]

    async def kept(self, sale_id: str) -> AsyncIterator[list[Position]]:
        after = {"sku": "", "customer_id": "", "order_id": ""}
        while True:
            parameters = {"sale_id": sale_id, "page_size": self._page_size, **after}
            async with self._database.connection() as connection:
                rows = await _KEPT_PAGE.fetch(connection, parameters)
            if rows:
                yield [Position(reservation_of(row).wish, kept=True) for row in rows]
            if len(rows) < self._page_size:
                return
            after = {name: rows[-1][name] for name in after}

    async def unfinished_sales(self) -> list[str]:
        async with self._database.connection() as connection:
            return list((await connection.execute(_UNFINISHED_SALES)).scalars().all())

    async def owe(self, positions: Sequence[Position]) -> None:
        wishes = sorted((p.wish for p in positions), key=lambda wish: wish.order_id)
        async with self._database.transaction() as connection:
            await connection.execute(_OWE, wish_arrays(wishes))

    async def purge(self, older_than_seconds: float) -> int:
        """Forgets messages that can no longer come again. Returns how many."""
        return await purge_inbox(self._database, older_than_seconds)

    async def measure(self) -> None:
        """Sets the metrics of what waits in outbox and inbox."""
        await measure_tables(self._database)

    async def repay(self, settle: Callable[[list[Position]], Awaitable[None]], limit: int) -> int:
        async with self._database.transaction() as connection:
            rows = await _REPAY.fetch(connection, {"limit": limit})
            wishes = [reservation_of(row).wish for row in rows]
            if wishes:
                ledger = await read_ledger(connection, [], [w.order_id for w in wishes])
                await settle([ledger.position(wish) for wish in wishes])
        return len(wishes)


def _decide(ledger: Ledger, deliveries: Sequence[Delivery]) -> list[Message]:
    messages: list[Message] = []
    for delivery in deliveries:
        try:
            event = ledger.apply(delivery.command)
        except IllegalCommand as error:
            _ILLEGAL.inc()
            _log.error("illegal command", extra={"error": str(error)})
            continue
        _DECIDED.labels(type(event).__name__).inc()
        messages.append(event_message(event, Origin(delivery.correlation_id, delivery.traceparent)))
    return messages
