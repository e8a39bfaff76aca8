"""A provider and a store that the tests steer."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from services.payments.domain import (
    Approved,
    ChargeRequest,
    Claim,
    Outcome,
    Refused,
    Standing,
    State,
    VoidRequest,
)


def claim(order_id: str = "order-1", **changes) -> Claim:
    """A first claim of a charge that is not overdue."""
    return replace(Claim(order_id, 500, "EUR", State.CHARGING, attempt=1, overdue=False), **changes)


class FakeProvider:
    """Answers what it was told to, in turn, and remembers the calls. An exception is raised."""

    def __init__(self, *answers: Approved | Refused | Exception | None) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, str]] = []

    async def charge(self, order_id, amount_minor, currency):
        return self._answer("charge", order_id)

    async def void(self, order_id):
        self._answer("void", order_id)

    def _answer(self, call, order_id):
        self.calls.append((call, order_id))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class FakeBook:
    """A charge book that holds standings."""

    def __init__(self, *standings: Standing) -> None:
        self.standings = {standing.order_id: standing for standing in standings}
        self.announced: list[Standing] = []

    async def add(self, requests: Sequence[ChargeRequest], claims: int) -> tuple[list[Claim], list[Standing]]:
        repeated = [self.standings[r.order_id] for r in requests if r.order_id in self.standings]
        claimed = [claim(r.order_id) for r in requests[:claims] if r.order_id not in self.standings]
        for request in requests:
            self.standings.setdefault(request.order_id, Standing(request.order_id, State.PENDING))
        for lease in claimed:
            self.standings[lease.order_id] = Standing(lease.order_id, State.CHARGING)
        return claimed, repeated

    async def request_voids(self, requests: Sequence[VoidRequest]) -> list[Standing]:
        return [self._void(request.order_id) for request in requests]

    async def announce(self, standings: Sequence[Standing]) -> None:
        self.announced.extend(standings)

    def _void(self, order_id: str) -> Standing:
        known = self.standings.get(order_id, Standing(order_id, State.PENDING))
        after = {
            State.PENDING: State.VOIDED,
            State.CHARGING: State.VOIDING,
            State.CHARGED: State.VOIDING,
        }.get(known.state, known.state)
        self.standings[order_id] = replace(known, state=after)
        return self.standings[order_id]


class FakeQueue:
    """A queue of claims; every attempt settles."""

    def __init__(self, *claims: Claim) -> None:
        self.waiting = list(claims)
        self.settled: list[Outcome] = []
        self.claimed: list[int] = []
        self.faults: list[Exception] = []
        self.on_settle = asyncio.Event()

    async def claim(self, limit: int) -> list[Claim]:
        if self.faults:
            raise self.faults.pop()
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        self.claimed.append(len(taken))
        return taken

    async def settle(self, outcome: Outcome) -> bool:
        self.settled.append(outcome)
        self.on_settle.set()
        return True
