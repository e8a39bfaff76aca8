"""Parked messages and stuck sagas in the databases of services, by the tables that the chassis makes."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from seawall.sql import Database

_HAS = text("SELECT to_regclass(:name) IS NOT NULL")
_PARKED = text("""
SELECT topic, 'outbox:' || id AS position, parked AS reason, type, message_id AS id, key, time_ms
FROM outbox WHERE parked IS NOT NULL ORDER BY outbox.id
""")
# With a notification, so that the relay does not wait for its poll.
_UNPARK = text("""
WITH again AS (
    UPDATE outbox SET parked = NULL
    WHERE parked IS NOT NULL AND message_id = ANY(CAST(:ids AS text[])) RETURNING id
)
SELECT count(*), pg_notify('outbox', '') FROM again
""")
_STUCK = text("""
SELECT saga_id, definition, status, step, attempt, extract(epoch FROM now() - started_at) AS seconds,
       extract(epoch FROM deadline - now()) AS due_in_seconds
FROM saga WHERE status IN ('running', 'compensating') AND started_at < now() - make_interval(secs => :seconds)
ORDER BY started_at
""")
_RETRY = text("""
UPDATE saga SET deadline = now()
WHERE status IN ('running', 'compensating') AND saga_id = ANY(CAST(:ids AS text[]))
  AND started_at < now() - make_interval(secs => :seconds)
""")


async def parked(database: Database) -> Sequence[Row[Any]]:
    """The parked messages of a service; none where it has no outbox."""
    return await _read(database, "outbox", _PARKED)


async def unpark(database: Database, ids: Sequence[str]) -> int:
    """Lets the relay try them again. Returns how many."""
    async with database.transaction() as connection:
        return int((await connection.execute(_UNPARK, {"ids": list(ids)})).one()[0])


async def stuck_sagas(database: Database, seconds: float) -> Sequence[Row[Any]]:
    """The sagas that have been running for longer, oldest first; none where there is no saga."""
    return await _read(database, "saga", _STUCK, seconds=seconds)


async def retry(database: Database, ids: Sequence[str], seconds: float) -> int:
    """Makes them due: their own service goes on with them. Returns how many."""
    async with database.transaction() as connection:
        return (await connection.execute(_RETRY, {"ids": list(ids), "seconds": seconds})).rowcount


async def _read(database: Database, table: str, statement: Any, **parameters: Any) -> Sequence[Row[Any]]:
    async with database.connection() as connection:
        if not (await connection.execute(_HAS, {"name": table})).scalar():
            return []
        return (await connection.execute(statement, parameters)).all()
