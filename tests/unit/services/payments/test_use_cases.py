"""What becomes of a charge, whatever the provider answers."""

import pytest

from services.payments.domain import (
    Approved,
    CallRejectedError,
    ChargeRequest,
    OutcomeUnknownError,
    Refused,
    Standing,
    State,
    VoidRequest,
    backoff_seconds,
)
from services.payments.use_cases import attempt, take_commands
from unit.services.payments.fakes import FakeBook, FakeProvider, claim

REQUEST = ChargeRequest("order-1", "customer-1", 500, "EUR", deadline_ms=0)


def half() -> float:
    return 0.5


async def test_an_approved_charge_is_charged():
    """The provider's charge id is kept."""
    outcome = await attempt(claim(), FakeProvider(Approved("ch_1")), half)
    assert (outcome.state, outcome.charge_id, outcome.is_final) == (State.CHARGED, "ch_1", True)


async def test_a_refused_charge_is_declined_with_its_reason():
    """Declined is final, and no void is needed."""
    provider = FakeProvider(Refused("declined"))
    outcome = await attempt(claim(), provider, half)
    assert (outcome.state, outcome.reason) == (State.DECLINED, "declined")
    assert provider.calls == [("charge", "order-1")]


async def test_an_unknown_outcome_is_tried_again_later():
    """A time-out says nothing: the charge stays what it was, and pauses grow with the attempts."""
    early = await attempt(claim(attempt=1), FakeProvider(OutcomeUnknownError()), half)
    late = await attempt(claim(attempt=9), FakeProvider(OutcomeUnknownError()), half)
    assert (early.state, early.is_final) == (State.CHARGING, False)
    assert 0 < early.retry_seconds < late.retry_seconds <= 2


async def test_at_the_deadline_the_key_is_voided_before_the_charge_is_declined():
    """An earlier attempt may have charged, so the void comes first."""
    provider = FakeProvider(None)
    outcome = await attempt(claim(attempt=2, overdue=True), provider, half)
    assert provider.calls == [("void", "order-1")]
    assert (outcome.state, outcome.reason) == (State.DECLINED, "deadline")


async def test_a_charge_is_not_declined_while_its_void_is_in_doubt():
    """Past the deadline the void is repeated until the provider confirms it."""
    provider = FakeProvider(OutcomeUnknownError(), None)
    first = await attempt(claim(attempt=2, overdue=True), provider, half)
    assert first.state is State.CHARGING
    second = await attempt(claim(attempt=3, overdue=True), provider, half)
    assert second.state is State.DECLINED


async def test_an_overdue_charge_that_was_never_sent_needs_no_void():
    """The first claim knows that nothing went out before it."""
    provider = FakeProvider()
    outcome = await attempt(claim(attempt=1, overdue=True), provider, half)
    assert (outcome.state, outcome.reason, provider.calls) == (State.DECLINED, "deadline", [])


async def test_a_call_that_the_provider_rejects_is_voided_and_declined():
    """Asking again would not help, but something may stand under the key."""
    provider = FakeProvider(CallRejectedError(), None)
    outcome = await attempt(claim(), provider, half)
    assert provider.calls == [("charge", "order-1"), ("void", "order-1")]
    assert (outcome.state, outcome.reason) == (State.DECLINED, "rejected")


async def test_a_void_is_repeated_for_ever():
    """However often it failed, a void waits and is tried again; once confirmed it is final."""
    voiding = claim(state=State.VOIDING, attempt=50, overdue=True)
    for fault in (OutcomeUnknownError(), CallRejectedError()):
        outcome = await attempt(voiding, FakeProvider(fault), half)
        assert (outcome.state, outcome.is_final) == (State.VOIDING, False)
        assert 0 < outcome.retry_seconds <= 30
    assert (await attempt(voiding, FakeProvider(None), half)).state is State.VOIDED


async def test_charges_are_claimed_as_far_as_there_is_room():
    """The others wait for whoever has room."""
    book = FakeBook()
    requests = [ChargeRequest(f"order-{n}", "customer-1", 500, "EUR", deadline_ms=0) for n in range(3)]
    claims = await take_commands(book, requests, [], room=2)
    assert [claim.order_id for claim in claims] == ["order-0", "order-1"]
    assert book.standings["order-2"].state is State.PENDING


async def test_no_charge_is_claimed_beside_a_void():
    """The void may be of a charge in the same batch: it ends there, and nothing is sent."""
    book = FakeBook()
    claims = await take_commands(book, [REQUEST], [VoidRequest("order-1")], room=9)
    assert claims == []
    assert book.standings["order-1"].state is State.VOIDED


async def test_a_new_charge_is_taken_in_silence():
    """There is nothing to announce before the provider was asked."""
    book = FakeBook()
    await take_commands(book, [REQUEST], [])
    assert book.standings["order-1"].state is State.PENDING
    assert book.announced == []


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (Standing("order-1", State.CHARGED, charge_id="ch_1"), Standing("order-1", State.CHARGED, "ch_1")),
        (
            Standing("order-1", State.DECLINED, reason="deadline"),
            Standing("order-1", State.DECLINED, reason="deadline"),
        ),
        (Standing("order-1", State.VOIDED), Standing("order-1", State.DECLINED, reason="voided")),
        (Standing("order-1", State.VOIDING), Standing("order-1", State.DECLINED, reason="voided")),
        (Standing("order-1", State.PENDING), None),
        (Standing("order-1", State.CHARGING), None),
    ],
)
async def test_a_charge_that_is_known_is_answered_as_it_stands(before, told):
    """A repeated command is never charged again; one that was voided first is declined."""
    book = FakeBook(before)
    await take_commands(book, [REQUEST], [])
    assert book.standings["order-1"] == before
    assert book.announced == ([told] if told else [])


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, State.VOIDED, True),
        (State.PENDING, State.VOIDED, True),
        (State.CHARGING, State.VOIDING, False),
        (State.CHARGED, State.VOIDING, False),
        (State.VOIDING, State.VOIDING, False),
        (State.VOIDED, State.VOIDED, True),
        (State.DECLINED, State.DECLINED, True),
    ],
)
async def test_a_void_ends_what_it_can_and_leaves_the_rest_to_the_charger(before, after, told):
    """PaymentVoided is told only where no money can be with the provider."""
    book = FakeBook(*([Standing("order-1", before)] if before else []))
    await take_commands(book, [], [VoidRequest("order-1")])
    assert book.standings["order-1"].state is after
    assert [standing.state for standing in book.announced] == ([State.VOIDED] if told else [])


async def test_a_charge_and_its_void_in_one_batch_end_voided():
    """The void wins, and nothing is sent to the provider."""
    book = FakeBook()
    await take_commands(book, [REQUEST], [VoidRequest("order-1")])
    assert book.standings["order-1"].state is State.VOIDED


def test_pauses_double_up_to_their_cap():
    """Full jitter: the draw scales a pause that doubles with each attempt."""
    pauses = [backoff_seconds(number, 1.0) for number in (1, 2, 3, 10, 10_000)]
    assert pauses == [0.2, 0.4, 0.8, 2.0, 2.0]
    assert backoff_seconds(3, 0.0) == 0.0
