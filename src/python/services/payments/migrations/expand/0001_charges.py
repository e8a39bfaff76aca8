"""Charges, with outbox and inbox."""

import sqlalchemy as sa
from alembic import op

from seawall.messaging import create_inbox, create_outbox

revision = "0001"
down_revision = None
branch_labels = ("expand",)


def upgrade() -> None:
    op.create_table(
        "charges",
        sa.Column("order_id", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("charge_id", sa.Text),
        sa.Column("correlation_id", sa.Text),
        # The number of claims so far, and when the next may be made: a claim's lease ends then.
        sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint(
            "state IN ('pending', 'charging', 'charged', 'declined', 'voiding', 'voided')",
            name="charges_state",
        ),
    )
    op.create_index(
        "charges_to_do",
        "charges",
        ["claimed_until"],
        postgresql_where=sa.text("state IN ('pending', 'charging', 'voiding')"),
    )
    create_outbox(op)
    create_inbox(op)
