"""What payments does: take commands, and bring each charge to its end."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from services.payments.domain import (
    Approved,
    CallRejectedError,
    ChargeRequest,
    Claim,
    Outcome,
    OutcomeUnknownError,
    Standing,
    State,
    VoidRequest,
    backoff_seconds,
)
from services.payments.ports import ChargeBook, Provider

LONGEST_VOID_PAUSE_SECONDS = 30.0


async def take_commands(
    book: ChargeBook, charges: Sequence[ChargeRequest], voids: Sequence[VoidRequest], *, room: int = 0
) -> list[Claim]:
    """Takes a batch of commands; what is already at its end is announced at once (again).

    Returns up to `room` claims: charges that the caller is to attempt once this is committed.
    """
    claims: list[Claim] = []
    repeated: list[Standing] = []
    if charges:
        # A void in the same batch may be of one of these charges, which must not be on its way then.
        claims, repeated = await book.add(charges, 0 if voids else max(0, room))
    voided = await book.request_voids(voids) if voids else []
    replies = [_reply_to_charge(standing) for standing in repeated]
    replies += [_reply_to_void(standing) for standing in voided]
    await book.announce([reply for reply in replies if reply is not None])
    return claims


def _reply_to_charge(standing: Standing) -> Standing | None:
    if standing.state in (State.VOIDING, State.VOIDED):
        return replace(standing, state=State.DECLINED, reason="voided")
    return standing if standing.state in (State.CHARGED, State.DECLINED) else None


def _reply_to_void(standing: Standing) -> Standing | None:
    if standing.state in (State.DECLINED, State.VOIDED):
        return replace(standing, state=State.VOIDED)
    return None


async def attempt(claim: Claim, provider: Provider, draw: Callable[[], float]) -> Outcome:
    """Makes one attempt at a claimed charge; never raises for what the provider does.

    At the deadline the order's key is voided first, and only then is the charge declined.
    """
    try:
        if claim.state is State.VOIDING:
            return await _void(claim, provider)
        if claim.overdue:
            return await _give_up(claim, provider, "deadline")
        return await _charge(claim, provider)
    except (OutcomeUnknownError, CallRejectedError):
        cap_seconds = LONGEST_VOID_PAUSE_SECONDS if claim.state is State.VOIDING else 2.0
        pause_seconds = backoff_seconds(claim.attempt, draw(), cap_seconds=cap_seconds)
        return Outcome(claim, claim.state, retry_seconds=pause_seconds)


async def _charge(claim: Claim, provider: Provider) -> Outcome:
    try:
        answer = await provider.charge(claim.order_id, claim.amount_minor, claim.currency)
    except CallRejectedError:
        return await _give_up(claim, provider, "rejected")
    if isinstance(answer, Approved):
        return Outcome(claim, State.CHARGED, charge_id=answer.charge_id)
    return Outcome(claim, State.DECLINED, reason=answer.reason)


async def _give_up(claim: Claim, provider: Provider, reason: str) -> Outcome:
    nothing_was_sent = claim.attempt == 1 and reason == "deadline"
    if not nothing_was_sent:
        await provider.void(claim.order_id)
    return Outcome(claim, State.DECLINED, reason=reason)


async def _void(claim: Claim, provider: Provider) -> Outcome:
    await provider.void(claim.order_id)
    return Outcome(claim, State.VOIDED)
