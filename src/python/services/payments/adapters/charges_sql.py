"""The charges in PostgreSQL, a batch at a time."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.messaging import Outbox, addition
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
                "traceparents": [request.traceparent for request in requests],
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
        distinct = {request.order_id: request for request in requests}
        return await self._standings(
            REQUEST_VOIDS,
            {
                "order_ids": list(distinct),
                "correlation_ids": [request.correlation_id for request in distinct.values()],
                "traceparents": [request.traceparent for request in distinct.values()],
            },
        )

    async def announce(self, standings: Sequence[Standing]) -> None:
        if standings:
            await self._outbox.add(self._connection, [event_of(standing) for standing in standings])

    async def _standings(self, statement: Statement, parameters: Mapping[str, object]) -> list[Standing]:
        rows = await statement.fetch(self._connection, parameters)
        return [
            Standing(order_id, State(state), charge_id, reason, correlation_id, traceparent)
            for order_id, state, charge_id, reason, correlation_id, traceparent in rows
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


async def settle(connection: AsyncConnection, outcomes: Sequence[Outcome]) -> list[bool]:
    """Stores a batch of outcomes and announces the final ones; says of each whether it counted.

    Of several attempts at one charge, only the last one can count.
    """
    newest: dict[str, Outcome] = {}
    for outcome in outcomes:
        known = newest.setdefault(outcome.claim.order_id, outcome)
        if outcome.claim.attempt > known.claim.attempt:
            newest[outcome.claim.order_id] = outcome
    rows = await SETTLE.fetch(connection, _settling(list(newest.values())))
    settled = {row["order_id"] for row in rows}
    return [newest[o.claim.order_id] is o and o.claim.order_id in settled for o in outcomes]


def _settling(outcomes: Sequence[Outcome]) -> dict[str, object]:
    return {
        "order_ids": [outcome.claim.order_id for outcome in outcomes],
        "attempts": [outcome.claim.attempt for outcome in outcomes],
        "before": [outcome.claim.state.value for outcome in outcomes],
        "after": [outcome.state.value for outcome in outcomes],
        "charge_ids": [outcome.charge_id for outcome in outcomes],
        "reasons": [outcome.reason for outcome in outcomes],
        "pauses": [outcome.retry_seconds for outcome in outcomes],
        **addition([event_of(_standing(outcome)) for outcome in outcomes if outcome.is_final]),
    }


def _claim(row: Row) -> Claim:
    order_id, amount_minor, currency, state, attempt, overdue, *origin = row
    return Claim(order_id, amount_minor, currency, State(state), attempt, overdue, *origin)


def _standing(outcome: Outcome) -> Standing:
    claim = outcome.claim
    origin = claim.correlation_id, claim.traceparent
    return Standing(claim.order_id, outcome.state, outcome.charge_id, outcome.reason, *origin)
