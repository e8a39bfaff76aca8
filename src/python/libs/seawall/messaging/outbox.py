"""The outbox: a message is sent if, and only if, the transaction that says so commits."""

from collections.abc import Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.messaging.message import Message
from seawall.sql import Statement

CHANNEL = "outbox"


def added(only_if: str = "true") -> str:
    """For a statement that does more in the same round trip: WITH ..., {added()} {NOTIFY}.

    `only_if` is a condition on the columns of the outbox; its parameters are those of addition().
    """
    return f"""added AS (
    INSERT INTO outbox (topic, key, type, message_id, source, payload, correlation_id, time_ms, headers)
    SELECT topic, key, type, message_id, source, payload, correlation_id,
           CAST(extract(epoch FROM now()) * 1000 AS bigint), headers
    FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[]), CAST(:types AS text[]),
                CAST(:message_ids AS text[]), CAST(:message_sources AS text[]), CAST(:payloads AS bytea[]),
                CAST(:correlation_ids AS text[]), CAST(:headers AS text[])) WITH ORDINALITY
         AS message(topic, key, type, message_id, source, payload, correlation_id, headers, position)
    WHERE {only_if}
    ORDER BY position
)"""  # noqa: S608


NOTIFY = "SELECT pg_notify(:channel, '') WHERE cardinality(CAST(:topics AS text[])) > 0"
_ADD = Statement(f"WITH {added()} {NOTIFY}")


class Outbox:
    """Writes messages into the table `outbox`, from where the relay publishes them in their order.

    Their time is the database's: a broker refuses a record from the future of a clock that ran ahead.
    """

    async def add(self, connection: AsyncConnection, messages: Sequence[Message]) -> None:
        """Adds messages to the connection's transaction, and wakes the relay when it commits."""
        if messages:
            await _ADD.fetch(connection, addition(messages))


def addition(messages: Sequence[Message]) -> dict[str, object]:
    """The parameters of added() and NOTIFY."""
    return {
        "channel": CHANNEL,
        "topics": [m.topic for m in messages],
        "keys": [m.key for m in messages],
        "types": [m.type for m in messages],
        "message_ids": [m.id for m in messages],
        "message_sources": [m.source for m in messages],
        "payloads": [m.payload for m in messages],
        "correlation_ids": [m.correlation_id for m in messages],
        "headers": [msgspec.json.encode(dict(m.headers)).decode() if m.headers else None for m in messages],
    }
