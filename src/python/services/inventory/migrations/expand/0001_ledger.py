"""The ledger of stock, the reservations, and what is owed to the hold counters."""

import sqlalchemy as sa
from alembic import op

from seawall.messaging import create_inbox, create_outbox

revision = "0001"
down_revision = None
branch_labels = ("expand",)


def upgrade() -> None:
    op.create_table(
        "sales",
        sa.Column("sale_id", sa.Text, primary_key=True),
        sa.Column("opens_at_ms", sa.BigInteger, nullable=False),
        sa.Column("closes_at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "ledger",
        sa.Column("sale_id", sa.Text, primary_key=True),
        sa.Column("sku", sa.Text, primary_key=True),
        sa.Column("stock", sa.Integer, nullable=False),
        sa.Column("reserved", sa.Integer, nullable=False, server_default="0"),
        sa.Column("sold", sa.Integer, nullable=False, server_default="0"),
        sa.Column("per_customer_cap", sa.Integer, nullable=False),
        sa.CheckConstraint("reserved >= 0 AND sold >= 0", name="nothing_negative"),
        sa.CheckConstraint("reserved + sold <= stock", name="never_oversold"),
    )
    _create_reservations()
    op.create_table(
        "owed_to_holds",
        sa.Column("order_id", sa.Text, primary_key=True),
        sa.Column("sale_id", sa.Text, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
    )
    # Rows that change all the time: room on their page keeps an update from touching any index.
    op.execute("ALTER TABLE ledger SET (fillfactor = 50)")
    op.execute("ALTER TABLE reservations SET (fillfactor = 80)")
    create_outbox(op)
    create_inbox(op)


def _create_reservations() -> None:
    op.create_table(
        "reservations",
        sa.Column("order_id", sa.Text, primary_key=True),
        sa.Column("sale_id", sa.Text, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("state IN ('reserved', 'sold', 'released')", name="known_state"),
        sa.CheckConstraint("quantity > 0", name="some_units"),
    )
    # No condition on the state: an index that names it would be rewritten at every step of an order.
    op.create_index("reservations_by_owner", "reservations", ["sale_id", "sku", "customer_id", "order_id"])


def downgrade() -> None:
    for table in ("owed_to_holds", "reservations", "ledger", "sales", "outbox", "inbox"):
        op.drop_table(table)
