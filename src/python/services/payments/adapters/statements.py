"""The statements of charges_sql: one per batch, rows always locked in the order of their ids."""

from seawall.messaging import NOTIFY, added
from seawall.sql import Statement

ADD = Statement("""
INSERT INTO charges (order_id, customer_id, amount_minor, currency, deadline, state, correlation_id,
                     traceparent, attempt, claimed_until)
SELECT order_id, customer_id, amount_minor, currency, to_timestamp(deadline_ms / 1000.0),
       CASE WHEN position <= :claims THEN 'charging' ELSE 'pending' END, correlation_id, traceparent,
       CASE WHEN position <= :claims THEN 1 ELSE 0 END,
       CASE WHEN position <= :claims THEN now() + make_interval(secs => :lease_seconds) ELSE now() END
FROM unnest(CAST(:order_ids AS text[]), CAST(:customer_ids AS text[]), CAST(:amounts AS bigint[]),
            CAST(:currencies AS text[]), CAST(:deadlines AS bigint[]), CAST(:correlation_ids AS text[]),
            CAST(:traceparents AS text[]))
     WITH ORDINALITY
     AS request(order_id, customer_id, amount_minor, currency, deadline_ms, correlation_id, traceparent,
                position)
ORDER BY order_id
ON CONFLICT (order_id) DO NOTHING
RETURNING order_id, amount_minor, currency, state, attempt, deadline <= now() AS overdue, correlation_id,
          traceparent
""")

STANDING = Statement("""
SELECT order_id, state, charge_id, reason, correlation_id, traceparent FROM charges
WHERE order_id = ANY(CAST(:order_ids AS text[]))
""")

# Pending: nothing was sent, so it ends here. An order never heard of is closed before its charge comes.
REQUEST_VOIDS = Statement("""
INSERT INTO charges AS charge (order_id, amount_minor, currency, deadline, state, correlation_id, traceparent)
SELECT order_id, 0, '', now(), 'voided', correlation_id, traceparent
FROM unnest(CAST(:order_ids AS text[]), CAST(:correlation_ids AS text[]), CAST(:traceparents AS text[]))
     AS request(order_id, correlation_id, traceparent)
ORDER BY order_id
ON CONFLICT (order_id) DO UPDATE SET
    state = CASE charge.state WHEN 'pending' THEN 'voided'
                              WHEN 'charging' THEN 'voiding'
                              WHEN 'charged' THEN 'voiding'
                              ELSE charge.state END,
    claimed_until = CASE WHEN charge.state IN ('charging', 'charged') THEN now()
                         ELSE charge.claimed_until END,
    updated_at = now()
RETURNING order_id, state, charge_id, reason, correlation_id, traceparent
""")

CLAIM = Statement("""
WITH due AS (
    SELECT order_id FROM charges
    WHERE state IN ('pending', 'charging', 'voiding') AND claimed_until <= now()
    ORDER BY claimed_until LIMIT :limit FOR UPDATE SKIP LOCKED
)
UPDATE charges AS charge SET
    state = CASE charge.state WHEN 'pending' THEN 'charging' ELSE charge.state END,
    attempt = charge.attempt + 1,
    claimed_until = now() + make_interval(secs => :lease_seconds)
FROM due WHERE charge.order_id = due.order_id
RETURNING charge.order_id, amount_minor, currency, state, attempt, deadline <= now() AS overdue,
          correlation_id, traceparent
""")

# The attempt fences: a process that slept through its lease cannot overwrite its successor's result.
# What counts is announced in the same round trip; an order is named once. `notified` tells the relay.
SETTLE = Statement(f"""
WITH outcome AS (
    SELECT * FROM unnest(CAST(:order_ids AS text[]), CAST(:attempts AS integer[]), CAST(:before AS text[]),
                         CAST(:after AS text[]), CAST(:charge_ids AS text[]), CAST(:reasons AS text[]),
                         CAST(:pauses AS double precision[]))
         AS outcome(order_id, attempt, before, after, charge_id, reason, pause_seconds)
), locked AS (
    SELECT charge.order_id FROM charges AS charge JOIN outcome USING (order_id)
    ORDER BY charge.order_id FOR UPDATE OF charge
), settled AS (
    UPDATE charges AS charge SET
        state = outcome.after,
        charge_id = COALESCE(outcome.charge_id, charge.charge_id),
        reason = outcome.reason,
        claimed_until = now() + make_interval(secs => outcome.pause_seconds),
        updated_at = now()
    FROM outcome JOIN locked USING (order_id)
    WHERE charge.order_id = outcome.order_id
      AND charge.attempt = outcome.attempt AND charge.state = outcome.before
    RETURNING charge.order_id
), {added("key IN (SELECT order_id FROM settled)")},
woken AS ({NOTIFY})
SELECT order_id, (SELECT count(*) FROM woken) AS notified FROM settled
""")  # noqa: S608
