"""The checkout as scenarios: whatever the others answer, an order ends paid or undone."""

import pytest

from seawall.saga import Status
from seawall.testing.sagas import OnDefinition, Scenario, given, refused, succeeded, timed_out, undone
from services.orders.adapters.checkout_saga import checkout

STATE = {
    "order_id": "o1",
    "customer_id": "ann",
    "sale_id": "open",
    "sku": "mug",
    "quantity": 2,
    "amount_minor": 2500,
    "currency": "EUR",
    "correlation_id": None,
}
PLACED = given(STATE).expect("reserve")
RESERVED = PLACED.when(succeeded("reserve")).expect("charge")
PAID = RESERVED.when(succeeded("charge")).expect("commit")

SCENARIOS = {
    "confirmed and sold": PAID.when(succeeded("commit")).expect(status=Status.DONE),
    "sold out: nobody is charged": PLACED.when(refused("reserve")).expect(status=Status.COMPENSATED),
    "declined: the units go back, nothing is voided": (
        RESERVED.when(refused("charge"))
        .expect("reserve:compensate")
        .when(undone("reserve"))
        .expect(status=Status.COMPENSATED)
    ),
    "no answer to the reservation: released all the same": (
        PLACED.when(timed_out())
        .expect("reserve:compensate")
        .when(undone("reserve"))
        .expect(status=Status.COMPENSATED)
    ),
    "no answer to the charge: voided first, and the units are held until that is sure": (
        RESERVED.when(timed_out())
        .expect("charge:compensate")
        .when(succeeded("charge"))
        .expect(status=Status.COMPENSATING)
        .when(timed_out())
        .expect("charge:compensate:again1")
        .when(undone("charge"))
        .expect("reserve:compensate")
        .when(undone("reserve"))
        .expect(status=Status.COMPENSATED)
    ),
    "paid: there is no way back, however late the units are marked as sold": (
        PAID.when(refused("commit")).expect().when(timed_out()).expect("commit:again1", status=Status.RUNNING)
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
async def test_checkout(scenario: Scenario) -> None:
    """What its name says."""
    await scenario.play(OnDefinition(checkout()))
