"""Ledger, reservations and hold counters compared, sale by sale, whenever one has come to rest."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, text

from seawall.sql import Database
from seawall.telemetry.reconciliation import DifferenceReport
from seawall.valkey import Valkey, ValkeyError
from services.inventory.adapters.holds_scripts import AUDIT
from services.inventory.adapters.holds_valkey import KEYS

RESERVATIONS = "ledger_reservations"
COUNTERS = "ledger_counters"
RECHECK_SECONDS = 600.0

# A row's xmin changes with every update: a sale whose version stays has come to rest.
_VERSION = "md5(string_agg(sku || ' ' || ledger.xmin::text, ',' ORDER BY sku))"
_RECENT = text(f"""
SELECT sale_id, {_VERSION} AS version FROM ledger JOIN sales USING (sale_id)
WHERE closes_at_ms > (extract(epoch FROM now()) - 3600) * 1000
GROUP BY sale_id
""")  # noqa: S608
# One statement sees one state of both tables, and each transaction changes both.
_AUDIT = text(f"""
SELECT sku, stock, reserved, sold, coalesce(units.reserved_units, 0) AS reserved_units,
       coalesce(units.sold_units, 0) AS sold_units,
       (SELECT {_VERSION} FROM ledger WHERE sale_id = :sale_id) AS version,
       (SELECT count(*) FROM owed_to_holds WHERE sale_id = :sale_id) AS owed
FROM (SELECT * FROM ledger WHERE sale_id = :sale_id) AS item FULL JOIN (
    SELECT sku, sum(quantity) FILTER (WHERE state = 'reserved') AS reserved_units,
           sum(quantity) FILTER (WHERE state = 'sold') AS sold_units
    FROM reservations WHERE sale_id = :sale_id GROUP BY sku
) AS units USING (sku)
ORDER BY sku
""")  # noqa: S608

Differences = Mapping[str, Sequence[str]]


@dataclass
class _Sale:
    version: str
    differences: Differences = field(default_factory=dict)
    checked_at: float | None = None


class Reconciliation:
    """Reads only. What it finds becomes metrics and log lines, and is for people to judge.

    A sale is read when nothing happened to it between two runs, again while it differs, and every
    `recheck_seconds`. The counters are compared once no hold is left and nothing is owed to them.
    """

    def __init__(
        self,
        database: Database,
        valkey: Valkey,
        *,
        recheck_seconds: float = RECHECK_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._valkey = valkey
        self._recheck_seconds = recheck_seconds
        self._clock = clock
        self._sales: dict[str, _Sale] = {}
        self._report = DifferenceReport([RESERVATIONS, COUNTERS])

    async def run(self) -> None:
        """One run over the sales that are not long over."""
        async with self._database.connection() as connection:
            versions = {row.sale_id: row.version for row in await connection.execute(_RECENT)}
        # A sale that moved keeps what was found until it can be read again.
        before, self._sales = self._sales, {}
        for sale_id, version in versions.items():
            known = before.get(sale_id, _Sale(""))
            at_rest = known.version == version
            self._sales[sale_id] = known if at_rest else _Sale(version, known.differences)
            if at_rest and self._is_due(known):
                await self._check(sale_id, known)
        found = {
            check: [line for sale in self._sales.values() for line in sale.differences.get(check, ())]
            for check in (RESERVATIONS, COUNTERS)
        }
        self._report.tell(found)

    def _is_due(self, sale: _Sale) -> bool:
        if sale.checked_at is None or any(sale.differences.values()):
            return True
        return self._clock() >= sale.checked_at + self._recheck_seconds

    async def _check(self, sale_id: str, sale: _Sale) -> None:
        counters = await self._counters(sale_id)
        async with self._database.connection() as connection:
            rows = (await connection.execute(_AUDIT, {"sale_id": sale_id})).all()
        if not rows or rows[0].version != sale.version:
            return
        held, available = counters
        at_rest = held == 0 and rows[0].owed == 0
        sale.differences = {
            RESERVATIONS: [line for row in rows for line in _of_reservations(sale_id, row)],
            COUNTERS: [line for row in rows for line in _of_counters(sale_id, row, available)]
            if at_rest
            else sale.differences.get(COUNTERS, ()),
        }
        sale.checked_at = self._clock() if at_rest else None

    async def _counters(self, sale_id: str) -> tuple[int, Mapping[str, int]]:
        """Orders held, and available units; nothing where the counters are lost: they are rebuilt."""
        keys = [f"inventory:{{{sale_id}}}:{name}" for name in KEYS]
        try:
            reply: Any = await AUDIT(self._valkey, keys=keys)
        except ValkeyError:
            return 1, {}
        if reply is None:
            return 0, {}
        held, flat = reply
        return held, dict(zip(flat[::2], map(int, flat[1::2]), strict=True))


def _of_reservations(sale_id: str, row: Row[Any]) -> list[str]:
    ledger, units = (row.reserved, row.sold), (int(row.reserved_units), int(row.sold_units))
    if ledger == units:
        return []
    return [f"{sale_id} {row.sku}: (reserved, sold) is {ledger} in the ledger, {units} in reservations"]


def _of_counters(sale_id: str, row: Row[Any], available: Mapping[str, int]) -> list[str]:
    if not available or row.stock is None:
        return []
    left, counted = row.stock - row.reserved - row.sold, available.get(row.sku)
    if left == counted:
        return []
    return [f"{sale_id} {row.sku}: {left} available in the ledger, {counted} by the counters"]
