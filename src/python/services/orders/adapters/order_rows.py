"""Orders as rows."""

from collections.abc import Sequence

from seawall.messaging import NOTIFY, added
from seawall.saga import started
from seawall.sql import Row, Statement
from services.orders.domain import Order, OrderState

COLUMNS = (
    "order_id, customer_id, sale_id, sku, quantity, amount_minor, currency, "
    "placed_at, updated_at, state, reason"
)

# Orders, their sagas and their messages: all that an acceptance is, in one round trip. An order that is
# there already gets none of it. The column `notified` tells the relay, once.
ACCEPT = Statement(f"""
WITH placed AS (
    INSERT INTO orders ({COLUMNS})
    SELECT *, NULL FROM unnest(
        CAST(:order_ids AS text[]), CAST(:customer_ids AS text[]), CAST(:sale_ids AS text[]),
        CAST(:skus AS text[]), CAST(:quantities AS integer[]), CAST(:amounts AS bigint[]),
        CAST(:currencies AS text[]), CAST(:placed_ats AS timestamptz[]), CAST(:updated_ats AS timestamptz[]),
        CAST(:states AS text[])
    )
    ON CONFLICT (order_id) DO NOTHING
    RETURNING order_id
), {started("saga_id IN (SELECT order_id FROM placed)")},
{added("key IN (SELECT order_id FROM placed)")},
woken AS ({NOTIFY})
SELECT order_id, (SELECT count(*) FROM woken) AS notified FROM placed
""")  # noqa: S608
BY_IDS = Statement(f"SELECT {COLUMNS} FROM orders WHERE order_id = ANY (CAST(:order_ids AS text[]))")  # noqa: S608
OF_CUSTOMER = Statement(
    f"SELECT {COLUMNS} FROM orders WHERE customer_id = :customer_id ORDER BY placed_at DESC LIMIT :limit"  # noqa: S608
)
CHANGED = Statement(f"""
SELECT {", ".join("orders." + name.strip() for name in COLUMNS.split(","))}
FROM orders
JOIN unnest(CAST(:order_ids AS text[]), CAST(:states AS text[])) AS watched (order_id, state)
    ON orders.order_id = watched.order_id AND orders.state <> watched.state
""")  # noqa: S608
MOVE = Statement(f"""
UPDATE orders SET state = :state, reason = moved.reason, updated_at = :now
FROM unnest(CAST(:order_ids AS text[]), CAST(:reasons AS text[])) AS moved (order_id, reason)
WHERE orders.order_id = moved.order_id AND orders.state = ANY (CAST(:from_states AS text[]))
RETURNING {", ".join("orders." + name.strip() for name in COLUMNS.split(","))}
""")  # noqa: S608


def insert_arrays(orders: Sequence[Order]) -> dict[str, list[object]]:
    """The columns of orders, for ACCEPT."""
    return {
        "order_ids": [o.order_id for o in orders],
        "customer_ids": [o.customer_id for o in orders],
        "sale_ids": [o.sale_id for o in orders],
        "skus": [o.sku for o in orders],
        "quantities": [o.quantity for o in orders],
        "amounts": [o.amount_minor for o in orders],
        "currencies": [o.currency for o in orders],
        "placed_ats": [o.placed_at for o in orders],
        "updated_ats": [o.updated_at for o in orders],
        "states": [o.state.value for o in orders],
    }


def order_of(row: Row) -> Order:
    """An Order from a row of COLUMNS."""
    return Order(
        row["order_id"],
        row["customer_id"],
        row["sale_id"],
        row["sku"],
        row["quantity"],
        row["amount_minor"],
        row["currency"],
        row["placed_at"],
        row["updated_at"],
        OrderState(row["state"]),
        row["reason"],
    )
