"""Products and sales as documents, and the outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from seawall.messaging import create_outbox

revision = "0001"
down_revision = None
branch_labels = ("expand",)


def upgrade() -> None:
    op.create_table(
        "products",
        sa.Column("sku", sa.Text(collation="C"), primary_key=True),
        sa.Column("document", JSONB, nullable=False),
    )
    op.create_table(
        "sales",
        sa.Column("sale_id", sa.Text(collation="C"), primary_key=True),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", JSONB, nullable=False),
    )
    op.create_index("sales_by_opening", "sales", ["opens_at", "sale_id"])
    create_outbox(op)


def downgrade() -> None:
    op.drop_table("outbox")
    op.drop_table("sales")
    op.drop_table("products")
