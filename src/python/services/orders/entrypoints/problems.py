"""What the errors of orders look like over HTTP."""

from collections.abc import Callable, Mapping
from typing import Final

from seawall.web import Problem, try_again
from services.orders.domain import (
    CustomerCapReached,
    IdempotencyKeyReused,
    ItemUnknown,
    SaleNotOpen,
    SaleUnknown,
    SoldOut,
)
from services.orders.entrypoints.order_watch import TooManyWatchers
from services.orders.ports import Unavailable

ToProblem = Callable[[Exception], Problem]


def _fixed(status: int, kind: str, title: str) -> ToProblem:
    return lambda _: Problem(status, kind, title)


PROBLEMS: Final[Mapping[type[Exception], ToProblem]] = {
    SaleUnknown: _fixed(404, "sale-unknown", "There is no such sale"),
    ItemUnknown: _fixed(404, "item-unknown", "This is not sold in this sale"),
    SaleNotOpen: _fixed(409, "sale-not-open", "The sale is not open"),
    SoldOut: _fixed(409, "sold-out", "Not enough is left"),
    CustomerCapReached: _fixed(409, "customer-cap-reached", "You cannot have more of this"),
    IdempotencyKeyReused: _fixed(
        422, "idempotency-key-reused", "This Idempotency-Key belongs to another order"
    ),
    TooManyWatchers: try_again,
    Unavailable: try_again,
}
