"""The table of keys, for a service's migration."""

from types import ModuleType
from typing import Any

import sqlalchemy as sa


def create_idempotency_keys(op: ModuleType | Any) -> None:
    """Creates the table `idempotency_keys`. `op` is `alembic.op`."""
    op.create_table(
        "idempotency_keys",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("headers", sa.Text, nullable=False, comment="a JSON object"),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("idempotency_keys_by_age", "idempotency_keys", ["answered_at"])
