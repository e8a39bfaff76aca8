"""The table of sagas, for a service's migration."""

from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB


def create_saga_tables(op: ModuleType | Any) -> None:
    """Creates the table `saga`. `op` is `alembic.op`."""
    op.create_table(
        "saga",
        sa.Column("saga_id", sa.Text, primary_key=True),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False, comment="the step that is awaited, or its undoing"),
        sa.Column("status", sa.Text, nullable=False, server_default="running"),
        sa.Column("state", JSONB, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint(
            "status IN ('running', 'compensating', 'done', 'compensated')", name="known_status"
        ),
    )
    op.create_index(
        "saga_by_deadline",
        "saga",
        ["deadline"],
        postgresql_where=sa.text("status IN ('running', 'compensating')"),
    )
    # For the purge: a few pages, and a step of a saga does not touch it.
    op.create_index(
        "saga_by_start",
        "saga",
        ["started_at"],
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.execute("ALTER TABLE saga SET (fillfactor = 70)")
