"""How much waits in a service's tables: cheap enough to be read every few seconds, however big they are."""

from prometheus_client import Gauge
from sqlalchemy import text

from seawall.sql import Database

PARKED_COUNTED = 1_000

# The oldest row is the first one of the key's index; parked rows have an index of their own.
_OUTBOX = text(
    f"""
SELECT coalesce((
    SELECT extract(epoch FROM now()) - time_ms / 1000.0
    FROM outbox WHERE parked IS NULL ORDER BY id LIMIT 1
), 0) AS oldest_seconds,
(
    SELECT count(*) FROM (SELECT FROM outbox WHERE parked IS NOT NULL LIMIT {PARKED_COUNTED}) AS set_aside
) AS parked
"""  # noqa: S608
)
# PostgreSQL's own estimate: a count would read the whole table. After a crash it is what VACUUM last saw.
_INBOX = text("""
SELECT coalesce(nullif(pg_stat_get_live_tuples(oid), 0), greatest(reltuples, 0)) AS rows
FROM pg_class WHERE oid = to_regclass('inbox')
""")

_RELAY_LAG = Gauge("seawall_outbox_oldest_seconds", "Age of the oldest message that waits to be published")
_PARKED = Gauge("seawall_outbox_parked_rows", "Messages that the broker refused, counted to 1,000")
_INBOX_ROWS = Gauge("seawall_inbox_rows", "Messages that the inbox remembers; an estimate")


async def measure_tables(database: Database) -> None:
    """Sets the gauges of outbox and inbox. A service without an inbox has none of its rows."""
    async with database.connection() as connection:
        outbox = (await connection.execute(_OUTBOX)).one()
        inbox = (await connection.execute(_INBOX)).scalar()
    _RELAY_LAG.set(max(0.0, float(outbox.oldest_seconds)))
    _PARKED.set(outbox.parked)
    _INBOX_ROWS.set(float(inbox or 0))
