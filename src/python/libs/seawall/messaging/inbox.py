"""The inbox: each message counts once, whatever is delivered twice."""

from collections.abc import Iterable, Sequence
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

# For a statement that does more in the same round trip: WITH {ADMITTED} ... FROM admitted (source, id).
# In the order of the key, so that two consumers with the same messages never wait in a circle.
ADMITTED = """admitted AS (
    INSERT INTO inbox (consumer, source, id)
    SELECT CAST(:consumer AS text), source, id
    FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[])) AS message(source, id)
    ORDER BY source, id
    ON CONFLICT DO NOTHING
    RETURNING source, id
)"""
_ADMIT = Statement(f"WITH {ADMITTED} SELECT source, id FROM admitted")  # noqa: S608
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
    rows = await _ADMIT.fetch(connection, admission(consumer, messages))
    return fresh(messages, ((row["source"], row["id"]) for row in rows))


def admission(consumer: str, messages: Sequence[Identified]) -> dict[str, object]:
    """The parameters of ADMITTED."""
    return {
        "consumer": consumer,
        "sources": [message.source for message in messages],
        "ids": [message.id for message in messages],
    }


def fresh(messages: Sequence[M], admitted: Iterable[tuple[str, str]]) -> list[M]:
    """The messages whose (source, id) was admitted, in their order, each once."""
    names = set(admitted)
    found = []
    for message in messages:
        name = (message.source, message.id)
        if name in names:
            names.discard(name)
            found.append(message)
    return found


async def purge_inbox(database: Database, older_than_seconds: float) -> int:
    """Forgets messages that can no longer come again, in small transactions. Returns how many."""
    return await purge(database, _PURGE, {"seconds": older_than_seconds})
