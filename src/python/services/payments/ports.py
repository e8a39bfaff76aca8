"""What the use cases need from outside."""

from collections.abc import Sequence
from typing import Protocol

from services.payments.domain import (
    Approved,
    ChargeRequest,
    Claim,
    Outcome,
    Refused,
    Standing,
    VoidRequest,
)


class ChargeBook(Protocol):
    """The charges, inside one transaction."""

    async def add(self, requests: Sequence[ChargeRequest], claims: int) -> tuple[list[Claim], list[Standing]]:
        """Adds charges: the first `claims` of the requests leased to this process, the others pending.

        Returns the claims, and the standing of those orders that had a charge already.
        """

    async def request_voids(self, requests: Sequence[VoidRequest]) -> list[Standing]:
        """Ends what can be ended here, marks the rest voiding, and returns how each order then stands."""

    async def announce(self, standings: Sequence[Standing]) -> None:
        """Publishes final standings, with this transaction or not at all."""


class ChargeQueue(Protocol):
    """The charges that somebody must act on, shared by all replicas."""

    async def claim(self, limit: int) -> list[Claim]:
        """Leases up to `limit` charges to this process."""

    async def settle(self, outcome: Outcome) -> bool:
        """Stores and announces an outcome; False where the claim was no longer the newest."""


class Provider(Protocol):
    """The payment provider. Both calls are idempotent by order id.

    Errors: OutcomeUnknownError, CallRejectedError.
    """

    async def charge(self, order_id: str, amount_minor: int, currency: str) -> Approved | Refused:
        """Charges the customer."""

    async def void(self, order_id: str) -> None:
        """Gives the money back, and refuses any charge of this order that comes later."""
