"""Work that is done once for a key, in the transaction that keeps its answer.

Source: draft-ietf-httpapi-idempotency-key-header, sections 2.6 and 2.7.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.idempotency.answer import Answer
from seawall.idempotency.keyed import KeyedRequest
from seawall.sql import Database, Row, Statement, purge
from seawall.web import Problem

LIFETIME_SECONDS = 86_400.0
"""How long an answer is kept: a client must not repeat a request after more than that."""

# Keys have locks of their own: no other use of advisory locks here begins with this number.
_LOCK = Statement("SELECT pg_try_advisory_xact_lock(hashtextextended(:scope || ' ' || :key, 7325410002))")
_FIND = Statement("""
SELECT fingerprint, status, headers, body FROM idempotency_keys
WHERE scope = :scope AND key = :key AND answered_at > now() - make_interval(secs => :seconds)
""")
_KEEP = Statement("""
INSERT INTO idempotency_keys (scope, key, fingerprint, status, headers, body)
VALUES (:scope, :key, :fingerprint, :status, :headers, :body)
ON CONFLICT (scope, key) DO UPDATE
SET fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
    body = excluded.body, answered_at = now()
""")
_PURGE = text("""
DELETE FROM idempotency_keys WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM idempotency_keys WHERE answered_at < now() - make_interval(secs => :seconds)
    LIMIT :limit FOR UPDATE SKIP LOCKED
))
""")


async def once(
    connection: AsyncConnection,
    request: KeyedRequest,
    work: Callable[[], Awaitable[Answer]],
    *,
    lifetime_seconds: float = LIFETIME_SECONDS,
) -> Answer:
    """The answer of `work`, kept in the connection's transaction; or the one that was kept before.

    The work and its answer are committed together or not at all: a process that is killed in between
    leaves the key free, and so does work that raises. Raises Problem: 409 with Retry-After while the same
    request is under way, here or in another replica; 422 where the key belongs to another request.
    """
    named = {"scope": request.scope, "key": request.key}
    # Two statements: the second must see what the one who had the lock before has committed.
    (locked,) = await _LOCK.fetch(connection, named)
    if not locked[0]:
        raise _under_way()
    found = await _FIND.fetch(connection, {**named, "seconds": lifetime_seconds})
    if found:
        return _kept(found[0], request)
    answer = await work()
    headers = msgspec.json.encode(dict(answer.headers)).decode()
    kept = {
        "fingerprint": request.fingerprint,
        "status": answer.status,
        "headers": headers,
        "body": answer.body,
    }
    await _KEEP.fetch(connection, named | kept)
    return answer


async def purge_keys(database: Database, older_than_seconds: float = LIFETIME_SECONDS) -> int:
    """Forgets old answers, in small transactions. Returns how many."""
    return await purge(database, _PURGE, {"seconds": older_than_seconds})


def _kept(row: Row, request: KeyedRequest) -> Answer:
    if row["fingerprint"] != request.fingerprint:
        extra = {"field": "Idempotency-Key", "limit": "a new one for each request"}
        detail = "Another request had this key: it differs in its method, path, query or body."
        raise Problem(
            422, "idempotency-key-reused", "The key belongs to another request", detail, extra=extra
        )
    answer = Answer(row["status"], row["body"], msgspec.json.decode(row["headers"]))
    return replace(answer, is_replayed=True)


def _under_way() -> Problem:
    title = "The same request is under way"
    return Problem(409, "idempotency-key-in-use", title, headers={"Retry-After": "1"})
