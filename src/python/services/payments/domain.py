"""Charges, from the command to its end. No outcome is assumed that the provider has not told."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """pending -> charging -> charged | declined; by a void: voiding -> voided.

    pending: nothing was sent to the provider yet. charging: something may have been.
    """

    PENDING = "pending"
    CHARGING = "charging"
    CHARGED = "charged"
    DECLINED = "declined"
    VOIDING = "voiding"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """What an order asks for. After `deadline_ms` (Unix epoch) no charge is attempted."""

    order_id: str
    customer_id: str
    amount_minor: int
    currency: str
    deadline_ms: int
    correlation_id: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class VoidRequest:
    """Whatever became of the order's charge, its customer is to end up not charged."""

    order_id: str
    correlation_id: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order's charge stands."""

    order_id: str
    state: State
    charge_id: str | None = None
    reason: str | None = None
    correlation_id: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A charge that is leased to this process for one attempt.

    `attempt` counts the claims of this charge: a result counts only while it is the newest claim's.
    """

    order_id: str
    amount_minor: int
    currency: str
    state: State
    attempt: int
    overdue: bool
    correlation_id: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to. Where the state is not final, it is tried again after `retry_seconds`."""

    claim: Claim
    state: State
    charge_id: str | None = None
    reason: str | None = None
    retry_seconds: float = 0.0

    @property
    def is_final(self) -> bool:
        return self.state in (State.CHARGED, State.DECLINED, State.VOIDED)


@dataclass(frozen=True, slots=True)
class Approved:
    """The provider took the money."""

    charge_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider did not take the money and will not: declined, or voided before."""

    reason: str


class OutcomeUnknownError(Exception):
    """The provider may or may not have acted (time-out, 5xx, broken connection): ask again."""


class CallRejectedError(Exception):
    """The provider does not understand the call (4xx): asking again will not help."""


def backoff_seconds(
    attempt: int, draw: float, *, base_seconds: float = 0.1, cap_seconds: float = 2.0
) -> float:
    """Returns the pause after the given attempt: full jitter on a doubling base; `draw` is in [0, 1)."""
    return float(draw * min(cap_seconds, base_seconds * 2 ** min(attempt, 30)))
