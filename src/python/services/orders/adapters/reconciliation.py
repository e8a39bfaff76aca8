"""Orders compared with their checkouts: each once, a while after it came, and again while it is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.sql import Database
from seawall.telemetry.reconciliation import DifferenceReport

WITHOUT_SAGA = "open_orders_without_saga"
NOT_DONE = "confirmed_orders_not_done"
STATE = "orders_saga_state"
CHECKS = (WITHOUT_SAGA, NOT_DONE, STATE)
OPEN = "open"

# Longer than a checkout takes that goes well or times out.
SETTLE_SECONDS = 120.0
LOOK_BACK_SECONDS = 3_600.0
PAGE = 5_000
PAGES = 10
WATCHED = 10_000

# One statement sees one state of both tables, and each transaction changes both.
_VERDICT = f"""CASE
    WHEN page.state IN ('accepted', 'payment_pending') THEN CASE
        WHEN saga.status IS DISTINCT FROM 'running' THEN '{WITHOUT_SAGA}'
        WHEN (page.state, saga.step) IN (('accepted', 'reserve'), ('payment_pending', 'charge')) THEN '{OPEN}'
        ELSE '{STATE}' END
    WHEN page.state = 'confirmed' AND saga.status IS DISTINCT FROM 'done' THEN '{NOT_DONE}'
    WHEN page.state = 'cancelled' AND saga.status = 'compensating' THEN '{OPEN}'
    WHEN page.state = 'cancelled' AND saga.status IS DISTINCT FROM 'compensated' THEN '{STATE}'
END AS verdict"""
_COLUMNS = "page.order_id, page.placed_at, page.state, saga.status, saga.step"
_PAGE = text(f"""
WITH page AS (
    SELECT order_id, placed_at, state FROM orders
    WHERE placed_at >= :placed_at AND (placed_at, order_id) > (:placed_at, :order_id)
      AND placed_at <= now() - make_interval(secs => :settle_seconds)
    ORDER BY placed_at, order_id LIMIT :limit
)
SELECT * FROM (
    SELECT {_COLUMNS}, {_VERDICT}, count(*) OVER () AS orders,
           lead(order_id) OVER (ORDER BY placed_at, order_id) IS NULL AS is_last
    FROM page LEFT JOIN saga ON saga.saga_id = page.order_id
) AS compared
WHERE verdict IS NOT NULL OR is_last ORDER BY placed_at, order_id
""")  # noqa: S608
_AGAIN = text(f"""
SELECT {_COLUMNS}, {_VERDICT}
FROM orders AS page LEFT JOIN saga ON saga.saga_id = page.order_id
WHERE page.order_id = ANY(CAST(:order_ids AS text[]))
""")  # noqa: S608
_START = text("SELECT now() - make_interval(secs => :seconds)")


@dataclass(frozen=True)
class _Cursor:
    placed_at: datetime
    order_id: str = ""


class Reconciliation:
    """Reads only. What it finds becomes metrics and log lines, and is for people to judge.

    It begins with the orders of the last hour, and costs a read of each order and its saga. An order
    whose clock ran more than `settle_seconds` behind the others' is not looked at.
    """

    def __init__(
        self, database: Database, *, settle_seconds: float = SETTLE_SECONDS, page_size: int = PAGE
    ) -> None:
        self._database = database
        self._settle_seconds = settle_seconds
        self._page_size = page_size
        self._cursor: _Cursor | None = None
        self._watched: dict[str, Row[Any]] = {}
        self._report = DifferenceReport(CHECKS)

    async def run(self) -> None:
        """One run: first what is known to differ or to be open, then some pages of new orders."""
        async with self._database.connection() as connection:
            again = await connection.execute(_AGAIN, {"order_ids": list(self._watched)})
            self._watched = {row.order_id: row for row in again if row.verdict}
            for _ in range(PAGES):
                if not await self._read_page(connection):
                    break
        rows = self._watched.values()
        self._report.tell({check: [_line(r) for r in rows if r.verdict == check] for check in CHECKS})

    async def _read_page(self, connection: AsyncConnection) -> bool:
        """Whether there may be more."""
        if self._cursor is None:
            start = await connection.execute(_START, {"seconds": LOOK_BACK_SECONDS})
            self._cursor = _Cursor(start.scalar_one())
        parameters = {
            "placed_at": self._cursor.placed_at,
            "order_id": self._cursor.order_id,
            "settle_seconds": self._settle_seconds,
            "limit": self._page_size,
        }
        rows: Sequence[Row[Any]] = (await connection.execute(_PAGE, parameters)).all()
        if not rows:
            return False
        # Bounded: beyond this many the number says enough.
        for row in rows:
            if row.verdict and len(self._watched) < WATCHED:
                self._watched[row.order_id] = row
        self._cursor = _Cursor(rows[-1].placed_at, rows[-1].order_id)
        return int(rows[-1].orders) == self._page_size


def _line(row: Row[Any]) -> str:
    return f"{row.order_id}: the order is {row.state}, its saga {row.status or 'missing'} at {row.step}"
