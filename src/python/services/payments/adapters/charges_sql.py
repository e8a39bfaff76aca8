"""The charges in PostgreSQL, a batch at a time."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.messaging import Outbox
from seawall.sql import Database, GroupCommit, Row, Statement
from services.payments.adapters.events import event_of
from services.payments.adapters.statements import ADD, CLAIM, REQUEST_VOIDS, SETTLE, STANDING
from services.payments.domain import ChargeRequest, Claim, Outcome, Standing, State, VoidRequest


class SqlChargeBook:
    """Implements ports.ChargeBook on one transaction's connection."""

    def __init__(self, outbox: Outbox, lease_seconds: float, connection: AsyncConnection) -> None:
        self._connection = connection
        self._outbox = outbox
        self._lease_seconds = lease_seconds

    async def add(self, requests: Sequence[ChargeRequest], claims: int) -> tuple[list[Claim], list[Standing]]:
        rows = await ADD.fetch(
            self._connection,
            {
                "order_ids": [request.order_id for request in requests],
                "customer_ids": [request.customer_id for request in requests],
                "amounts": [request.amount_minor for request in requests],
                "currencies": [request.currency for request in requests],
                "deadlines": [request.deadline_ms for request in requests],
                "correlation_ids": [request.correlation_id for request in requests],
                "claims": claims,
                "lease_seconds": self._lease_seconds,
            },
        )
        added = [_claim(row) for row in rows]
        known = sorted({request.order_id for request in requests} - {claim.order_id for claim in added})
        standings = await self._standings(STANDING, {"order_ids": known}) if known else []
        return [claim for claim in added if claim.state is State.CHARGING], standings

    async def request_voids(self, requests: Sequence[VoidRequest]) -> list[Standing]:
        # One row per order: an upsert may touch a row once only.
        correlation_ids = {request.order_id: request.correlation_id for request in requests}
        return await self._standings(
            REQUEST_VOIDS,
            {"order_ids": list(correlation_ids), "correlation_ids": list(correlation_ids.values())},
        )

    async def announce(self, standings: Sequence[Standing]) -> None:
        await _announce(self._outbox, self._connection, standings)

    async def _standings(self, statement: Statement, parameters: Mapping[str, object]) -> list[Standing]:
        rows = await statement.fetch(self._connection, parameters)
        return [
            Standing(
                row["order_id"], State(row["state"]), row["charge_id"], row["reason"], row["correlation_id"]
            )
            for row in rows
        ]


class SqlChargeQueue:
    """Implements ports.ChargeQueue. Outcomes of concurrent attempts share a transaction.

    `wake` is called when events were stored.
    """

    def __init__(
        self,
        database: Database,
        commits: GroupCommit[Outcome, bool],
        *,
        lease_seconds: float,
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._commits = commits
        self._lease_seconds = lease_seconds
        self._wake = wake

    async def claim(self, limit: int) -> list[Claim]:
        async with self._database.transaction() as connection:
            rows = await CLAIM.fetch(connection, {"limit": limit, "lease_seconds": self._lease_seconds})
            return [_claim(row) for row in rows]

    async def settle(self, outcome: Outcome) -> bool:
        counts = await self._commits.submit(outcome)
        if counts and outcome.is_final:
            self._wake()
        return counts


async def settle(outbox: Outbox, connection: AsyncConnection, outcomes: Sequence[Outcome]) -> list[bool]:
    """Stores a batch of outcomes and announces the final ones; says of each whether it counted."""
    rows = await SETTLE.fetch(
        connection,
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
    counted = {(row["order_id"], row["attempt"]) for row in rows}
    results = [(outcome.claim.order_id, outcome.claim.attempt) in counted for outcome in outcomes]
    final = [_standing(o) for o, counts in zip(outcomes, results, strict=True) if counts and o.is_final]
    await _announce(outbox, connection, final)
    return results


async def _announce(outbox: Outbox, connection: AsyncConnection, standings: Sequence[Standing]) -> None:
    if standings:
        await outbox.add(connection, [event_of(standing) for standing in standings])


def _claim(row: Row) -> Claim:
    order_id, amount_minor, currency, state, attempt, overdue, correlation_id = row
    return Claim(order_id, amount_minor, currency, State(state), attempt, overdue, correlation_id)


def _standing(outcome: Outcome) -> Standing:
    claim = outcome.claim
    return Standing(claim.order_id, outcome.state, outcome.charge_id, outcome.reason, claim.correlation_id)
