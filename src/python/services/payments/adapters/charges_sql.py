"""The charges in PostgreSQL: one statement per batch, rows always locked in the order of their ids."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.messaging import Outbox
from seawall.sql import Database, GroupCommit
from services.payments.adapters.events import event_of
from services.payments.domain import ChargeRequest, Claim, Outcome, Standing, State, VoidRequest

ADD = text("""
INSERT INTO charges (order_id, customer_id, amount_minor, currency, deadline, state, correlation_id)
SELECT order_id, customer_id, amount_minor, currency, to_timestamp(deadline_ms / 1000.0), 'pending', correlation_id
FROM unnest(CAST(:order_ids AS text[]), CAST(:customer_ids AS text[]), CAST(:amounts AS bigint[]),
            CAST(:currencies AS text[]), CAST(:deadlines AS bigint[]), CAST(:correlation_ids AS text[]))
     AS request(order_id, customer_id, amount_minor, currency, deadline_ms, correlation_id)
ORDER BY order_id
ON CONFLICT (order_id) DO NOTHING
RETURNING order_id
""")

STANDING = text("""
SELECT order_id, state, charge_id, reason, correlation_id FROM charges
WHERE order_id = ANY(CAST(:order_ids AS text[]))
""")

# Pending: nothing was sent, so it ends here. An order never heard of is closed before its charge comes.
REQUEST_VOIDS = text("""
INSERT INTO charges AS charge (order_id, amount_minor, currency, deadline, state, correlation_id)
SELECT order_id, 0, '', now(), 'voided', correlation_id
FROM unnest(CAST(:order_ids AS text[]), CAST(:correlation_ids AS text[])) AS request(order_id, correlation_id)
ORDER BY order_id
ON CONFLICT (order_id) DO UPDATE SET
    state = CASE charge.state WHEN 'pending' THEN 'voided'
                              WHEN 'charging' THEN 'voiding'
                              WHEN 'charged' THEN 'voiding'
                              ELSE charge.state END,
    claimed_until = CASE WHEN charge.state IN ('charging', 'charged') THEN now() ELSE charge.claimed_until END,
    updated_at = now()
RETURNING order_id, state, charge_id, reason, correlation_id
""")

CLAIM = text("""
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
RETURNING charge.order_id, amount_minor, currency, state, attempt, deadline <= now() AS overdue, correlation_id
""")

# The attempt fences: a process that slept through its lease cannot overwrite its successor's result.
SETTLE = text("""
WITH outcome AS (
    SELECT * FROM unnest(CAST(:order_ids AS text[]), CAST(:attempts AS integer[]), CAST(:before AS text[]),
                         CAST(:after AS text[]), CAST(:charge_ids AS text[]), CAST(:reasons AS text[]),
                         CAST(:pauses AS double precision[]))
         AS outcome(order_id, attempt, before, after, charge_id, reason, pause_seconds)
), locked AS (
    SELECT charge.order_id FROM charges AS charge JOIN outcome USING (order_id)
    ORDER BY charge.order_id FOR UPDATE OF charge
)
UPDATE charges AS charge SET
    state = outcome.after,
    charge_id = COALESCE(outcome.charge_id, charge.charge_id),
    reason = outcome.reason,
    claimed_until = now() + make_interval(secs => outcome.pause_seconds),
    updated_at = now()
FROM outcome JOIN locked USING (order_id)
WHERE charge.order_id = outcome.order_id AND charge.attempt = outcome.attempt AND charge.state = outcome.before
RETURNING charge.order_id, charge.attempt
""")


class SqlChargeBook:
    """Implements ports.ChargeBook on one transaction's connection."""

    def __init__(self, connection: AsyncConnection, outbox: Outbox) -> None:
        self._connection = connection
        self._outbox = outbox

    async def add(self, requests: Sequence[ChargeRequest]) -> list[Standing]:
        rows = await self._connection.execute(
            ADD,
            {
                "order_ids": [request.order_id for request in requests],
                "customer_ids": [request.customer_id for request in requests],
                "amounts": [request.amount_minor for request in requests],
                "currencies": [request.currency for request in requests],
                "deadlines": [request.deadline_ms for request in requests],
                "correlation_ids": [request.correlation_id for request in requests],
            },
        )
        added = set(rows.scalars())
        known = sorted({request.order_id for request in requests} - added)
        return await self._standings(STANDING, {"order_ids": known}) if known else []

    async def request_voids(self, requests: Sequence[VoidRequest]) -> list[Standing]:
        # One row per order: an upsert may touch a row once only.
        correlation_ids = {request.order_id: request.correlation_id for request in requests}
        return await self._standings(
            REQUEST_VOIDS,
            {"order_ids": list(correlation_ids), "correlation_ids": list(correlation_ids.values())},
        )

    async def announce(self, standings: Sequence[Standing]) -> None:
        if standings:
            await self._outbox.add(self._connection, [event_of(standing) for standing in standings])

    async def _standings(self, statement: Any, parameters: Mapping[str, Any]) -> list[Standing]:
        rows = await self._connection.execute(statement, parameters)
        return [
            Standing(row.order_id, State(row.state), row.charge_id, row.reason, row.correlation_id)
            for row in rows
        ]


class SqlChargeQueue:
    """Implements ports.ChargeQueue. Outcomes of concurrent attempts share a transaction."""

    def __init__(
        self, database: Database, commits: GroupCommit[Outcome, bool], *, lease_seconds: float
    ) -> None:
        self._database = database
        self._commits = commits
        self._lease_seconds = lease_seconds

    async def claim(self, limit: int) -> list[Claim]:
        async with self._database.transaction() as connection:
            rows = await connection.execute(CLAIM, {"limit": limit, "lease_seconds": self._lease_seconds})
            return [
                Claim(
                    row.order_id,
                    row.amount_minor,
                    row.currency,
                    State(row.state),
                    row.attempt,
                    row.overdue,
                    row.correlation_id,
                )
                for row in rows
            ]

    async def settle(self, outcome: Outcome) -> bool:
        return await self._commits.submit(outcome)


async def settle(connection: AsyncConnection, outbox: Outbox, outcomes: Sequence[Outcome]) -> list[bool]:
    """Stores a batch of outcomes and announces the final ones; says of each whether it counted."""
    rows = await connection.execute(
        SETTLE,
        {
            "order_ids": [outcome.claim.order_id for outcome in outcomes],
            "attempts": [outcome.claim.attempt for outcome in outcomes],
            "before": [outcome.claim.state.value for outcome in outcomes],
            "after": [outcome.state.value for outcome in outcomes],
            "charge_ids": [outcome.charge_id for outcome in outcomes],
            "reasons": [outcome.reason for outcome in outcomes],
            "pauses": [outcome.retry_seconds for outcome in outcomes],
        },
    )
    counted = {(row.order_id, row.attempt) for row in rows}
    results = [(outcome.claim.order_id, outcome.claim.attempt) in counted for outcome in outcomes]
    final = [_standing(o) for o, counts in zip(outcomes, results, strict=True) if counts and o.is_final]
    await SqlChargeBook(connection, outbox).announce(final)
    return results


def _standing(outcome: Outcome) -> Standing:
    claim = outcome.claim
    return Standing(claim.order_id, outcome.state, outcome.charge_id, outcome.reason, claim.correlation_id)
