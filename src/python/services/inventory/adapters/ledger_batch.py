"""Loads what a batch of commands touches, under lock, and writes back what they changed.

The ledger rows are locked first, in the order of their keys, and everything else is read after that:
so batches of other replicas that touch the same item decide strictly before or after this one.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.sql import Row, Statement
from services.inventory.domain import Item, ItemKey, Ledger, Reservation, ReservationState, Wish

_ITEMS = """
WITH touched AS (
    SELECT sale_id, sku FROM unnest(CAST(:sale_ids AS text[]), CAST(:skus AS text[])) AS given (sale_id, sku)
    UNION
    SELECT sale_id, sku FROM reservations WHERE order_id = ANY (CAST(:order_ids AS text[]))
)
SELECT sale_id, sku, stock, per_customer_cap, reserved, sold
FROM ledger JOIN touched USING (sale_id, sku)
ORDER BY sale_id, sku
"""
_READ_ITEMS = Statement(_ITEMS)
_LOCK_ITEMS = Statement(_ITEMS + "FOR NO KEY UPDATE OF ledger")

_RESERVATIONS = Statement("""
SELECT order_id, sale_id, sku, customer_id, quantity, state
FROM reservations WHERE order_id = ANY (CAST(:order_ids AS text[]))
""")

_TAKEN = Statement("""
SELECT sale_id, sku, customer_id, sum(quantity) AS units
FROM reservations
JOIN (
    SELECT DISTINCT *
    FROM unnest(CAST(:sale_ids AS text[]), CAST(:skus AS text[]), CAST(:customer_ids AS text[]))
        AS given (sale_id, sku, customer_id)
) AS wanted USING (sale_id, sku, customer_id)
WHERE state IN ('reserved', 'sold')
GROUP BY sale_id, sku, customer_id
""")

_INSERT_RESERVATIONS = Statement("""
INSERT INTO reservations (order_id, sale_id, sku, customer_id, quantity, state)
SELECT * FROM unnest(
    CAST(:order_ids AS text[]), CAST(:sale_ids AS text[]), CAST(:skus AS text[]),
    CAST(:customer_ids AS text[]), CAST(:quantities AS integer[]), CAST(:states AS text[])
)
""")

_UPDATE_RESERVATIONS = Statement("""
UPDATE reservations SET state = changed.state, updated_at = now()
FROM unnest(CAST(:order_ids AS text[]), CAST(:states AS text[])) AS changed (order_id, state)
WHERE reservations.order_id = changed.order_id
""")

_UPDATE_ITEMS = Statement("""
UPDATE ledger SET reserved = changed.reserved, sold = changed.sold
FROM unnest(
    CAST(:sale_ids AS text[]), CAST(:skus AS text[]),
    CAST(:reserved AS integer[]), CAST(:sold AS integer[])
) AS changed (sale_id, sku, reserved, sold)
WHERE ledger.sale_id = changed.sale_id AND ledger.sku = changed.sku
""")


async def load_ledger(
    connection: AsyncConnection, wishes: Sequence[Wish], order_ids: Sequence[str], *, lock: bool
) -> Ledger:
    """The items, reservations and customers' units that the wishes and orders touch."""
    arrays = {"sale_ids": [w.item.sale_id for w in wishes], "skus": [w.item.sku for w in wishes]}
    orders = {"order_ids": list(order_ids)}
    statement = _LOCK_ITEMS if lock else _READ_ITEMS
    items = await statement.fetch(connection, arrays | orders)
    reservations = await _RESERVATIONS.fetch(connection, orders)
    customers = {"customer_ids": [w.customer_id for w in wishes]}
    taken = await _TAKEN.fetch(connection, arrays | customers) if wishes else []
    return Ledger.of(
        map(item_of, items),
        map(reservation_of, reservations),
        {(ItemKey(row["sale_id"], row["sku"]), row["customer_id"]): row["units"] for row in taken},
    )


async def store_changes(connection: AsyncConnection, ledger: Ledger) -> None:
    """Writes what the commands changed: at most three statements, however many commands.

    An order that appeared since it was looked up is an error: the batch is then done again.
    """
    changed = [ledger.reservations[order_id] for order_id in sorted(ledger.changed)]
    added = [r for r in changed if r.wish.order_id not in ledger.stored]
    moved = [r for r in changed if r.wish.order_id in ledger.stored]
    if added:
        await _INSERT_RESERVATIONS.fetch(connection, wish_arrays([r.wish for r in added]) | _states(added))
    if moved:
        order_ids: dict[str, list[object]] = {"order_ids": [r.wish.order_id for r in moved]}
        await _UPDATE_RESERVATIONS.fetch(connection, order_ids | _states(moved))
    items = [ledger.items[key] for key in sorted({r.wish.item for r in changed} & ledger.items.keys())]
    if items:
        await _UPDATE_ITEMS.fetch(connection, _item_arrays(items))


def wish_arrays(wishes: Sequence[Wish]) -> dict[str, list[object]]:
    """The columns of wishes, as arrays for unnest()."""
    return {
        "order_ids": [w.order_id for w in wishes],
        "sale_ids": [w.item.sale_id for w in wishes],
        "skus": [w.item.sku for w in wishes],
        "customer_ids": [w.customer_id for w in wishes],
        "quantities": [w.quantity for w in wishes],
    }


def item_of(row: Row) -> Item:
    """An Item from a row of `ledger`."""
    key = ItemKey(row["sale_id"], row["sku"])
    return Item(key, row["stock"], row["per_customer_cap"], row["reserved"], row["sold"])


def reservation_of(row: Row) -> Reservation:
    """A Reservation from a row of `reservations`."""
    item = ItemKey(row["sale_id"], row["sku"])
    wish = Wish(row["order_id"], item, row["customer_id"], row["quantity"])
    return Reservation(wish, ReservationState(row["state"]))


def _states(reservations: Sequence[Reservation]) -> dict[str, list[object]]:
    return {"states": [r.state.value for r in reservations]}


def _item_arrays(items: Sequence[Item]) -> dict[str, list[object]]:
    return {
        "sale_ids": [i.key.sale_id for i in items],
        "skus": [i.key.sku for i in items],
        "reserved": [i.reserved for i in items],
        "sold": [i.sold for i in items],
    }
