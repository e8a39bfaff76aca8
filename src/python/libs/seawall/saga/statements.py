"""The statements of SagaLog: one per batch, rows locked in the order of their ids. Time is the database's."""

from sqlalchemy import text

from seawall.sql import Statement


def started(only_if: str = "true") -> str:
    """For a statement that does more in the same round trip: WITH ..., {started()} ...

    `only_if` is a condition on saga_id; the parameters are those of SagaLog.starting().
    """
    return f"""started AS (
    INSERT INTO saga (saga_id, definition, step, state, deadline)
    SELECT saga_id, CAST(:saga_definition AS text), CAST(:saga_step AS text), CAST(state AS jsonb),
           now() + make_interval(secs => CAST(:saga_timeout_seconds AS double precision))
    FROM unnest(CAST(:saga_ids AS text[]), CAST(:saga_states AS text[])) AS started(saga_id, state)
    WHERE {only_if}
    ORDER BY saga_id
)"""  # noqa: S608


START = Statement(f"WITH {started()} SELECT")

# A reply counts only while the saga waits for exactly this step: late and repeated ones change nothing.
_WAITING = """
WITH waiting AS (
    SELECT saga_id FROM saga
    WHERE saga_id = ANY(CAST(:ids AS text[])) AND definition = :definition
      AND step = :step AND status = 'running'
    ORDER BY saga_id FOR UPDATE
)
"""

ADVANCE = Statement(
    _WAITING
    + """
UPDATE saga SET step = :next, attempt = 0, updated_at = now(),
                deadline = now() + make_interval(secs => :timeout_seconds)
FROM waiting WHERE saga.saga_id = waiting.saga_id
RETURNING saga.saga_id, CAST(state AS text) AS state
"""
)

FINISH = Statement(
    _WAITING
    + """
UPDATE saga SET status = 'done', updated_at = now()
FROM waiting WHERE saga.saga_id = waiting.saga_id
RETURNING saga.saga_id, CAST(state AS text) AS state
"""
)

FAIL = Statement(
    _WAITING
    + """
UPDATE saga SET status = :status, step = :next, attempt = 0, reason = failure.reason, updated_at = now(),
                deadline = now() + make_interval(secs => :timeout_seconds)
FROM waiting JOIN unnest(CAST(:ids AS text[]), CAST(:reasons AS text[])) AS failure(saga_id, reason)
     USING (saga_id)
WHERE saga.saga_id = waiting.saga_id
RETURNING saga.saga_id, CAST(state AS text) AS state
"""
)

UNDO = Statement(
    _WAITING.replace("'running'", "'compensating'")
    + """
UPDATE saga SET status = :status, step = :next, attempt = 0, updated_at = now(),
                deadline = now() + make_interval(secs => :timeout_seconds)
FROM waiting WHERE saga.saga_id = waiting.saga_id
RETURNING saga.saga_id, CAST(state AS text) AS state
"""
)

# SKIP LOCKED: replicas share the work, and a reply that is being handled wins over its time-out.
DUE = text("""
SELECT saga_id, status, step, attempt, CAST(state AS text) AS state FROM saga
WHERE definition = :definition AND status IN ('running', 'compensating') AND deadline < now()
ORDER BY deadline LIMIT :limit FOR UPDATE SKIP LOCKED
""")

GIVE_UP = text("""
UPDATE saga SET status = given_up.status, step = given_up.step, attempt = 0,
                reason = saga.step || '_timeout', updated_at = now(),
                deadline = now() + make_interval(secs => given_up.timeout_seconds)
FROM unnest(
    CAST(:ids AS text[]), CAST(:statuses AS text[]), CAST(:steps AS text[]),
    CAST(:timeouts AS double precision[])
) AS given_up(saga_id, status, step, timeout_seconds)
WHERE saga.saga_id = given_up.saga_id
""")

INSIST = text("""
UPDATE saga SET attempt = attempt + 1, updated_at = now(),
                deadline = now() + make_interval(secs => again.timeout_seconds)
FROM unnest(CAST(:ids AS text[]), CAST(:timeouts AS double precision[])) AS again(saga_id, timeout_seconds)
WHERE saga.saga_id = again.saga_id
""")

# The first condition on time follows from the second; it is the one that an index knows.
PURGE = text("""
DELETE FROM saga WHERE saga_id = ANY(ARRAY(
    SELECT saga_id FROM saga WHERE definition = :definition AND status IN ('done', 'compensated')
      AND started_at < now() - make_interval(secs => :older_than_seconds)
      AND updated_at < now() - make_interval(secs => :older_than_seconds)
    LIMIT :limit FOR UPDATE SKIP LOCKED
))
""")

# By the same index.
LATE = text("""
SELECT count(*) FROM (
    SELECT FROM saga
    WHERE definition = :definition AND status = 'running' AND step = :step
      AND deadline < now() + make_interval(secs => :seconds_left)
    ORDER BY deadline LIMIT :limit
) AS late
""")

# By the index of what has not ended, the overdue ones first; a crowd beyond the limit is not looked at.
AGES = text("""
SELECT count(*) AS running, coalesce(extract(epoch FROM now() - min(started_at)), 0) AS oldest_seconds,
       count(*) FILTER (WHERE status = 'compensating') AS compensating,
       count(*) FILTER (WHERE started_at < now() - make_interval(secs => :stuck_seconds)) AS stuck
FROM (
    SELECT started_at, status FROM saga
    WHERE definition = :definition AND status IN ('running', 'compensating')
    ORDER BY deadline LIMIT 100000
) AS running
""")
