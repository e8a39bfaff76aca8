"""The checkout: reserve the stock, charge the customer, commit the stock."""

import time
from collections.abc import Callable

from seawall.saga import Definition, Step
from services.orders.adapters import messages
from services.orders.domain import SagaStep

# A charge that is started just before the deadline still has this long to be reported.
CHARGE_MARGIN = 0.8


def checkout(
    *,
    reserve_timeout_seconds: float = 15.0,
    charge_timeout_seconds: float = 60.0,
    clock: Callable[[], float] = time.time,
) -> Definition:
    """The definition of the saga. Before the charge succeeds all is undone, after it all is done."""
    return Definition(
        "checkout",
        [
            Step(
                SagaStep.RESERVE.value,
                messages.reserve_stock,
                messages.release_stock,
                timeout_seconds=reserve_timeout_seconds,
            ),
            Step(
                SagaStep.CHARGE.value,
                messages.charge_payment(charge_timeout_seconds * CHARGE_MARGIN, clock),
                messages.void_payment,
                timeout_seconds=charge_timeout_seconds,
                pivot=True,
            ),
            Step(SagaStep.COMMIT.value, messages.commit_stock, timeout_seconds=reserve_timeout_seconds),
        ],
    )
