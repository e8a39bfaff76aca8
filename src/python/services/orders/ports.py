"""What orders needs of the world."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from services.orders.domain import Order, OrderRefused, OrderState, Reply, SaleItem


class Unavailable(Exception):
    """Something that an order needs does not answer, or has too much to do. Trying again is safe."""


class Sales(Protocol):
    """What is sold, as the catalog announced it."""

    async def add(self, items: Sequence[SaleItem]) -> None:
        """Takes up announced items. What is already known stays as it is."""

    async def items(self, sale_id: str) -> Mapping[str, SaleItem]:
        """The items of a sale by sku; empty if there is no such sale."""


class Holds(Protocol):
    """Units of stock, held for an order until it is reserved."""

    async def take(self, order: Order) -> OrderRefused | None:
        """None if the units are held, also when they were before. Raises Unavailable."""


class Orders(Protocol):
    """Orders and their checkouts."""

    async def accept(self, order: Order) -> Order:
        """Keeps the order and starts its checkout; both survive any crash once this returns.

        If there is an order of this id it is returned, and nothing is started. Raises Unavailable.
        """

    async def known(self, order_id: str) -> Order | None:
        """An order by its id."""

    async def find(self, order_id: str, customer_id: str) -> Order | None:
        """An order of this customer."""

    async def of_customer(self, customer_id: str, limit: int) -> list[Order]:
        """The customer's orders, newest first."""

    async def changed(self, states: Mapping[str, OrderState]) -> list[Order]:
        """Those of the orders that are in another state than the one given."""


class Checkouts(Protocol):
    """The sagas of the orders."""

    async def advance(self, replies: Sequence[Reply]) -> None:
        """Takes replies into account: checkout, order and what to publish, in one transaction.

        One that comes again changes nothing, however often it comes.
        """

    async def expire(self) -> int:
        """Ends some of the checkouts whose step took too long, as failed. Returns how many."""
