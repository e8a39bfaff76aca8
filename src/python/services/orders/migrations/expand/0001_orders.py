"""Orders, their checkouts, and the items on sale."""

import sqlalchemy as sa
from alembic import op

from seawall.messaging import create_outbox
from seawall.saga import create_saga_tables

revision = "0001"
down_revision = None
branch_labels = ("expand",)


def upgrade() -> None:
    _create_orders()
    _create_sale_items()
    create_saga_tables(op)
    create_outbox(op)


def _create_orders() -> None:
    op.create_table(
        "orders",
        sa.Column("order_id", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("sale_id", sa.Text, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('accepted', 'payment_pending', 'confirmed', 'cancelled')", name="known_state"
        ),
    )
    # Only columns that never change are in an index: a step of an order then touches no index.
    op.create_index("orders_of_customer", "orders", ["customer_id", sa.text("placed_at DESC")])
    # For the reconciliation, which reads what is new: a few pages.
    op.create_index(
        "orders_by_time",
        "orders",
        ["placed_at"],
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on", "pages_per_range": 32},
    )
    op.execute("ALTER TABLE orders SET (fillfactor = 70)")


def _create_sale_items() -> None:
    op.create_table(
        "sale_items",
        sa.Column("sale_id", sa.Text, primary_key=True),
        sa.Column("sku", sa.Text, primary_key=True),
        sa.Column("price_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("opens_at_ms", sa.BigInteger, nullable=False),
        sa.Column("closes_at_ms", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for table in ("sale_items", "orders"):
        op.drop_table(table)
