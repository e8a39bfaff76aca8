"""The trace that a charge belongs to, beside its correlation id."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None


def upgrade() -> None:
    op.add_column("charges", sa.Column("traceparent", sa.Text))
