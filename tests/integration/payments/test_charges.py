"""Each order is charged at most once, and a cancelled one not at all, whatever the provider does."""

import asyncio

import pytest
from sqlalchemy import text

from integration.payments.harness import FAST, charge_command, void_command
from seawall.testing import until
from services.payments.domain import Claim, Outcome, State
from services.psp_simulator.behaviour import Constant
from shop.payments.v1.payments_pb2 import PaymentCharged, PaymentDeclined, PaymentVoided


async def told(payments, count=1):
    """Waits for that many events, and returns all."""
    await until(lambda: len(payments.published.messages) >= count)
    return payments.published.events()


async def test_a_charge_is_made_once_and_told(payments, provider):
    """PaymentCharged has the provider's id, and correlation id and trace of the command."""
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await payments.take(charge_command("order-1", correlation_id="request-1", traceparent=traceparent))
    async with payments.running():
        (event,) = await told(payments)
    (charge,) = provider.charges()
    assert event == PaymentCharged(order_id="order-1", charge_id=charge.charge_id)
    assert payments.published.messages[0].correlation_id == "request-1"
    assert payments.published.messages[0].headers == {"traceparent": traceparent}
    assert await payments.states() == {"order-1": "charged"}


async def test_a_declined_charge_is_told(payments, provider):
    """The provider's refusal is final."""
    provider.behave(**FAST, decline_rate=1)
    await payments.take(charge_command("order-1"))
    async with payments.running():
        assert await told(payments) == [PaymentDeclined(order_id="order-1", reason="declined")]


@pytest.mark.parametrize("fault", ["timeout_after_charge_rate", "timeout_rate", "error_rate"])
async def test_an_unclear_outcome_leads_to_exactly_one_charge(payments, provider, fault):
    """Whether or not the money moved before the time-out or the error, it moves once."""
    provider.behave(**FAST, **{fault: 1})
    await payments.take(charge_command("order-1"))
    async with payments.running():
        await until(lambda: _attempts_at_least(payments, 2))
        assert payments.published.messages == []
        provider.behave(**FAST)
        (event,) = await told(payments)
    (charge,) = provider.charges()
    assert event == PaymentCharged(order_id="order-1", charge_id=charge.charge_id)


async def test_a_void_that_comes_first_refuses_the_charge(payments, provider):
    """Nothing is sent to the provider, and both commands are answered."""
    await payments.take(void_command("order-1"))
    await payments.take(charge_command("order-1"))
    async with payments.running():
        events = await told(payments, 2)
    assert events == [
        PaymentVoided(order_id="order-1"),
        PaymentDeclined(order_id="order-1", reason="voided"),
    ]
    assert provider.charges() == []


async def test_a_void_of_a_charge_gives_the_money_back(payments, provider):
    """charged -> voided, at the provider too."""
    await payments.take(charge_command("order-1"))
    async with payments.running():
        await told(payments, 1)
        await payments.take(void_command("order-1"))
        events = await told(payments, 2)
    assert events[1] == PaymentVoided(order_id="order-1")
    assert provider.states() == {"order-1": "voided"}
    assert await payments.states() == {"order-1": "voided"}


async def test_a_void_overtakes_a_charge_that_is_under_way(payments, provider):
    """The provider charges after the void was asked for: the money goes back, and no charge is told."""
    provider.behave(latency=Constant(ms=250))
    await payments.take(charge_command("order-1"))
    async with payments.running():
        await until(lambda: _is(payments, "charging"))
        await payments.take(void_command("order-1"))
        events = await told(payments, 1)
    assert events == [PaymentVoided(order_id="order-1")]
    assert provider.states() == {"order-1": "voided"}


async def test_a_void_is_repeated_until_the_provider_confirms_it(payments, provider):
    """While the provider fails nothing is told; then the void goes through."""
    await payments.take(charge_command("order-1"))
    async with payments.running():
        await told(payments, 1)
        provider.behave(**FAST, error_rate=1)
        await payments.take(void_command("order-1"))
        await until(lambda: _attempts_at_least(payments, 3))
        assert len(payments.published.messages) == 1
        provider.behave(**FAST)
        assert (await told(payments, 2))[1] == PaymentVoided(order_id="order-1")
    assert provider.states() == {"order-1": "voided"}


async def test_at_the_deadline_no_charge_is_left(payments, provider):
    """The provider charged without ever answering: it is voided before the decline is told."""
    provider.behave(**FAST, timeout_after_charge_rate=1)
    await payments.take(charge_command("order-1", seconds_left=0.5))
    async with payments.running():
        await until(lambda: provider.states() == {"order-1": "charged"})
        await until(lambda: provider.states() == {"order-1": "voided"})
        assert payments.published.messages == []
        provider.behave(**FAST)
        assert await told(payments) == [PaymentDeclined(order_id="order-1", reason="deadline")]


async def test_a_charge_that_is_late_from_the_start_is_declined_unsent(payments, provider):
    """After the deadline no charge is attempted."""
    await payments.take(charge_command("order-1", seconds_left=-1))
    async with payments.running():
        assert await told(payments) == [PaymentDeclined(order_id="order-1", reason="deadline")]
    assert provider.charges() == []


async def test_a_command_that_is_delivered_again_does_nothing(payments, provider):
    """The inbox admits each message once; a repeat under another id gets the standing again."""
    command = charge_command("order-1")
    await payments.take(command, command)
    await payments.take(command)
    async with payments.running():
        await told(payments, 1)
        await payments.take(command)
        await payments.take(charge_command("order-1"))
        events = await told(payments, 2)
    assert [type(event) for event in events] == [PaymentCharged, PaymentCharged]
    assert len(provider.charges()) == 1


async def test_the_charges_of_a_crashed_replica_are_taken_over(payments, provider):
    """A claim whose holder never comes back lapses, and its charge is made by another, once."""
    await payments.take(charge_command("order-1"))
    async with payments.queue(lease_seconds=0.2) as crashed:
        assert [claim.order_id for claim in await crashed.claim(10)] == ["order-1"]
    async with payments.running():
        assert [type(event) for event in await told(payments)] == [PaymentCharged]
    assert len(provider.charges()) == 1


async def test_a_replica_that_slept_through_its_lease_is_fenced_off(payments, provider):
    """Its successor gave up at the deadline and voided: the sleeper's `charged` does not count."""
    await payments.take(charge_command("order-1", seconds_left=-1))
    async with payments.queue(lease_seconds=0.1) as sleeper:
        (claim,) = await sleeper.claim(1)
        async with payments.running():
            assert await told(payments) == [PaymentDeclined(order_id="order-1", reason="deadline")]
        late = Outcome(claim, State.CHARGED, charge_id="ch_late")
        assert await sleeper.settle(late) is False
    assert await payments.states() == {"order-1": "declined"}
    assert len(payments.published.messages) == 1


async def test_what_is_claimed_with_its_command_is_a_claim_like_any_other(payments, provider):
    """It keeps others away, counts as an attempt, and is fenced; what has no room is left."""
    await payments.take(charge_command("order-1"))
    commands = [charge_command(order_id) for order_id in ("order-1", "order-2", "order-3")]
    claims = await payments.take(*commands, charge_command("order-4", seconds_left=-1), room=2)
    assert claims == [Claim("order-2", 500, "EUR", State.CHARGING, 1, overdue=False)]
    async with payments.queue() as queue:
        assert {claim.order_id for claim in await queue.claim(10)} == {"order-1", "order-3", "order-4"}
        assert await queue.settle(Outcome(claims[0], State.CHARGED, charge_id="ch_1"))
        assert not await queue.settle(Outcome(claims[0], State.CHARGED, charge_id="ch_1"))


async def test_a_claim_is_not_made_twice_by_commands_of_one_order(payments):
    """Two commands for one order in a batch make one charge, and one claim."""
    claims = await payments.take(charge_command("order-1"), charge_command("order-1"), room=9)
    assert [claim.order_id for claim in claims] == ["order-1"]


async def test_a_lease_keeps_others_away(payments):
    """While it lasts, nobody else gets the charge."""
    await payments.take(charge_command("order-1"))
    async with payments.queue() as queue:
        first, second = await asyncio.gather(queue.claim(10), queue.claim(10))
    assert len([*first, *second]) == 1
    assert isinstance([*first, *second][0], Claim)


async def test_replicas_share_the_work_and_charge_each_order_once(payments, provider):
    """Three replicas, an unsteady provider, 200 orders, every tenth voided meanwhile."""
    provider.behave(
        latency=Constant(ms=5),
        error_rate=0.1,
        timeout_rate=0.02,
        timeout_after_charge_rate=0.03,
        decline_rate=0.1,
    )
    orders = [f"order-{number}" for number in range(200)]
    await payments.take(*(charge_command(order) for order in orders))
    async with payments.running(replicas=3, lease_seconds=2.0):
        await payments.take(*(void_command(order) for order in orders[::10]))
        await until(lambda: _all_final(payments), timeout_seconds=60)
        ours = await payments.states()
    at_provider = provider.states()
    live = {order for order, state in at_provider.items() if state == "charged"}
    assert live == {order for order, state in ours.items() if state == "charged"}
    assert not live & set(orders[::10])
    assert len(at_provider) == len(provider.charges())


async def _is(payments, state):
    return set((await payments.states()).values()) == {state}


async def _all_final(payments):
    return not {"pending", "charging", "voiding"} & set((await payments.states()).values())


async def _attempts_at_least(payments, count):
    async with payments.database.connection() as connection:
        return (await connection.execute(text("SELECT max(attempt) FROM charges"))).scalar() >= count
