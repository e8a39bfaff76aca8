"""Loads what a batch of commands touches, under lock, and writes back what they changed.

A batch is three statements. The first admits the messages and locks the ledger rows, in the order of their
keys; everything else is read after that, under a snapshot of its own: so batches of other replicas that
touch the same item decide strictly before or after this one. The third writes everything.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.messaging import ADMITTED, NOTIFY, Message, added, addition, admission, fresh
from seawall.sql import Row, Statement
from services.inventory.domain import Commit, Item, ItemKey, Ledger, Reservation, ReservationState, Wish
from services.inventory.ports import Delivery

_TOUCHED = """touched AS (
    SELECT sale_id, sku FROM unnest(CAST(:sale_ids AS text[]), CAST(:skus AS text[])) AS given (sale_id, sku)
    UNION
    SELECT sale_id, sku FROM reservations WHERE order_id = ANY (CAST(:order_ids AS text[]))
)"""
_READ_ITEMS = Statement(f"""
WITH {_TOUCHED}
SELECT sale_id, sku, stock, per_customer_cap, reserved, sold FROM ledger JOIN touched USING (sale_id, sku)
""")  # noqa: S608
# All are admitted before the first row is locked: the parts of a UNION ALL run one after the other.
_ADMIT_AND_LOCK = Statement(f"""
WITH {ADMITTED}, {_TOUCHED}, locked AS (
    SELECT sale_id, sku, stock, per_customer_cap, reserved, sold
    FROM ledger JOIN touched USING (sale_id, sku)
    ORDER BY sale_id, sku FOR NO KEY UPDATE OF ledger
)
SELECT source, id, NULL AS sale_id, NULL AS sku, 0 AS stock, 0 AS per_customer_cap, 0 AS reserved, 0 AS sold
FROM admitted
UNION ALL
SELECT NULL, NULL, sale_id, sku, stock, per_customer_cap, reserved, sold
FROM locked WHERE EXISTS (SELECT FROM admitted)
""")  # noqa: S608

# Reservations, and below them the units that a customer has of an item: rows without an order.
_RESERVATIONS_AND_TAKEN = Statement("""
SELECT order_id, sale_id, sku, customer_id, CAST(quantity AS bigint) AS quantity, state
FROM reservations WHERE order_id = ANY (CAST(:order_ids AS text[]))
UNION ALL
SELECT NULL, sale_id, sku, customer_id, sum(quantity), NULL
FROM reservations
JOIN (
    SELECT DISTINCT *
    FROM unnest(CAST(:sale_ids AS text[]), CAST(:skus AS text[]), CAST(:customer_ids AS text[]))
        AS given (sale_id, sku, customer_id)
) AS wanted USING (sale_id, sku, customer_id)
WHERE state IN ('reserved', 'sold')
GROUP BY sale_id, sku, customer_id
""")

_STORE = Statement(f"""
WITH inserted AS (
    INSERT INTO reservations (order_id, sale_id, sku, customer_id, quantity, state)
    SELECT * FROM unnest(
        CAST(:order_ids AS text[]), CAST(:sale_ids AS text[]), CAST(:skus AS text[]),
        CAST(:customer_ids AS text[]), CAST(:quantities AS integer[]), CAST(:states AS text[])
    )
), moved AS (
    UPDATE reservations SET state = changed.state, updated_at = now()
    FROM unnest(CAST(:moved_ids AS text[]), CAST(:moved_states AS text[])) AS changed (order_id, state)
    WHERE reservations.order_id = changed.order_id
), counted AS (
    UPDATE ledger SET reserved = changed.reserved, sold = changed.sold
    FROM unnest(
        CAST(:item_sale_ids AS text[]), CAST(:item_skus AS text[]),
        CAST(:reserved AS integer[]), CAST(:sold AS integer[])
    ) AS changed (sale_id, sku, reserved, sold)
    WHERE ledger.sale_id = changed.sale_id AND ledger.sku = changed.sku
), {added()}
{NOTIFY}
""")  # noqa: S608


async def admit_and_load(
    connection: AsyncConnection, consumer: str, deliveries: Sequence[Delivery]
) -> tuple[list[Delivery], Ledger]:
    """The deliveries that are to be handled, and what all of them touch; if there are any, under lock."""
    wishes = [d.command.wish for d in deliveries if not isinstance(d.command, Commit)]
    orders = {"order_ids": list({d.command.order_id for d in deliveries})}
    parameters = admission(consumer, deliveries) | _item_keys(wishes) | orders
    rows = await _ADMIT_AND_LOCK.fetch(connection, parameters)
    items = [item_of(row) for row in rows if row["id"] is None]
    admitted = [(row["source"], row["id"]) for row in rows if row["id"] is not None]
    return fresh(deliveries, admitted), await _ledger(connection, items, wishes, orders)


async def read_ledger(
    connection: AsyncConnection, wishes: Sequence[Wish], order_ids: Sequence[str]
) -> Ledger:
    """The items, reservations and customers' units that the wishes and orders touch. Locks nothing."""
    orders = {"order_ids": list(order_ids)}
    rows = await _READ_ITEMS.fetch(connection, _item_keys(wishes) | orders)
    return await _ledger(connection, [item_of(row) for row in rows], wishes, orders)


async def _ledger(
    connection: AsyncConnection, items: Sequence[Item], wishes: Sequence[Wish], orders: dict[str, list[str]]
) -> Ledger:
    customers = {"customer_ids": [w.customer_id for w in wishes]}
    rows = await _RESERVATIONS_AND_TAKEN.fetch(connection, _item_keys(wishes) | customers | orders)
    return Ledger.of(
        items,
        [reservation_of(row) for row in rows if row["order_id"] is not None],
        {
            (ItemKey(row["sale_id"], row["sku"]), row["customer_id"]): int(row["quantity"])
            for row in rows
            if row["order_id"] is None
        },
    )


async def store(connection: AsyncConnection, ledger: Ledger, messages: Sequence[Message]) -> None:
    """Writes what the commands changed, and the messages that tell it, in one statement.

    An order that appeared since it was looked up is an error: the batch is then done again.
    """
    changed = [ledger.reservations[order_id] for order_id in sorted(ledger.changed)]
    if not changed and not messages:
        return
    added = [r for r in changed if r.wish.order_id not in ledger.stored]
    moved = [r for r in changed if r.wish.order_id in ledger.stored]
    items = [ledger.items[key] for key in sorted({r.wish.item for r in changed} & ledger.items.keys())]
    parameters = {
        **wish_arrays([r.wish for r in added]),
        "states": [r.state.value for r in added],
        "moved_ids": [r.wish.order_id for r in moved],
        "moved_states": [r.state.value for r in moved],
        **_item_arrays(items),
        **addition(messages),
    }
    await _STORE.fetch(connection, parameters)


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


def _item_keys(wishes: Sequence[Wish]) -> dict[str, list[str]]:
    return {"sale_ids": [w.item.sale_id for w in wishes], "skus": [w.item.sku for w in wishes]}


def _item_arrays(items: Sequence[Item]) -> dict[str, list[object]]:
    return {
        "item_sale_ids": [i.key.sale_id for i in items],
        "item_skus": [i.key.sku for i in items],
        "reserved": [i.reserved for i in items],
        "sold": [i.sold for i in items],
    }
