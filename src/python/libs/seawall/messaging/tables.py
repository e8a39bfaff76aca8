"""The tables of outbox and inbox, for a service's migration."""

from types import ModuleType
from typing import Any

import sqlalchemy as sa


def create_outbox(op: ModuleType | Any) -> None:
    """Creates the table `outbox`. `op` is `alembic.op`."""
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        # Sequence order is not commit order: the relay reads only what no running transaction can precede.
        sa.Column("txid", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("correlation_id", sa.Text),
        sa.Column("headers", sa.Text, comment="a JSON object; nothing where there are none"),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        sa.Column("parked", sa.Text, comment="why the broker will never take it"),
    )
    op.execute("ALTER TABLE outbox ALTER COLUMN txid TYPE xid8 USING txid::xid8")
    op.execute("ALTER TABLE outbox ALTER COLUMN txid SET DEFAULT pg_current_xact_id()")
    # Empty as a rule: what is parked is found without a walk through what waits.
    op.create_index("outbox_parked", "outbox", ["id"], postgresql_where=sa.text("parked IS NOT NULL"))
    # A queue: nearly all rows are dead soon, and scans begin where they were.
    op.execute(
        "ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)"
    )


def create_inbox(op: ModuleType | Any) -> None:
    """Creates the table `inbox`. `op` is `alembic.op`."""
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("inbox_by_age", "inbox", ["seen_at"], postgresql_using="brin")
