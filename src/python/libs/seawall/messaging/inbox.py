"""The inbox: each message counts once, whatever is delivered twice."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.sql import Database, Statement, purge


class Identified(Protocol):
    """What names a message."""

    @property
    def id(self) -> str: ...

    @property
    def source(self) -> str: ...


M = TypeVar("M", bound=Identified)

# In the order of the key, so that two consumers with the same messages never wait in a circle.
_ADMIT = Statement("""
INSERT INTO inbox (consumer, source, id)
SELECT CAST(:consumer AS text), source, id
FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[])) AS message(source, id)
ORDER BY source, id
ON CONFLICT DO NOTHING
RETURNING source, id
""")
_PURGE = text("""
DELETE FROM inbox WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM inbox WHERE seen_at < now() - make_interval(secs => :seconds)
    LIMIT :limit FOR UPDATE SKIP LOCKED
))
""")


async def admit(connection: AsyncConnection, consumer: str, messages: Sequence[M]) -> list[M]:
    """The messages that this consumer has not handled yet, in their order, each once.

    They are marked as handled in the connection's transaction: if that rolls back, they are not.
    """
    if not messages:
        return []
    named = {"sources": [m.source for m in messages], "ids": [m.id for m in messages]}
    rows = await _ADMIT.fetch(connection, {"consumer": consumer, **named})
    fresh = {(row["source"], row["id"]) for row in rows}
    admitted = []
    for message in messages:
        name = (message.source, message.id)
        if name in fresh:
            fresh.discard(name)
            admitted.append(message)
    return admitted


async def purge_inbox(database: Database, older_than_seconds: float) -> int:
    """Forgets messages that can no longer come again, in small transactions. Returns how many."""
    return await purge(database, _PURGE, {"seconds": older_than_seconds})
