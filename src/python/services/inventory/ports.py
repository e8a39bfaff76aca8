"""What inventory needs of the world."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.inventory.domain import Command, Item, ItemStock, Position, Refusal, Sale, Wish


class HoldsUnavailable(Exception):
    """The hold counters gave no answer. Whether a write was done is unknown."""


class SaleNotLoaded(Exception):
    """The hold counters know nothing of this sale (yet, or any more)."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A command, and what names the message that brought it, however often that is delivered."""

    command: Command
    id: str
    source: str
    correlation_id: str | None = None
    traceparent: str | None = None


class LedgerStore(Protocol):
    """The authority on stock. Nothing is ever sold that it did not admit."""

    async def schedule(self, sales: Sequence[Sale]) -> None:
        """Opens the ledger of the sales' items. What is already there stays as it is."""

    async def apply(self, deliveries: Sequence[Delivery]) -> list[Position]:
        """Handles each message once, all in one transaction with the events to publish.

        Returns where the orders to reserve or release stand now, those of repeated messages included.
        """

    async def preview(self, wishes: Sequence[Wish]) -> list[Refusal | None]:
        """What would become of the wishes if they were reserved now. Reserves nothing."""

    async def items(self, sale_id: str) -> list[Item]:
        """The items of a sale in the order of their sku; none if there is no such sale."""

    def kept(self, sale_id: str) -> AsyncIterator[list[Position]]:
        """All orders that have units of the sale, page by page."""

    async def unfinished_sales(self) -> list[str]:
        """Sales that are not long over."""

    async def owe(self, positions: Sequence[Position]) -> None:
        """Remembers, through any crash, that the hold counters missed these."""

    async def repay(self, settle: Callable[[list[Position]], Awaitable[None]], limit: int) -> int:
        """Hands what is owed to `settle` and forgets it once that returns. Returns how many."""


class Holds(Protocol):
    """Counters of the units that are left, per sale. Fast and forgetful: the ledger decides.

    Everything may raise HoldsUnavailable.
    """

    async def take(self, sale_id: str, wishes: Sequence[Wish]) -> list[Refusal | None]:
        """Holds units, in one decision; None is a hold. A hold that is not settled lapses.

        An order that has a hold or its units gets None again. Raises SaleNotLoaded.
        """

    async def settle(self, positions: Sequence[Position]) -> None:
        """Tells what became of orders. In any order and as often as you like; given back is final.

        A sale that is not loaded is skipped.
        """

    async def begin_load(self, sale_id: str, token: str) -> bool:
        """Starts to fill the counters of a sale. False if they are filled or somebody fills them.

        From now on nothing that is settled is lost, while nothing can be taken yet.
        """

    async def load(self, sale_id: str, token: str, positions: Sequence[Position]) -> bool:
        """Adds orders that have their units. False if the load was overtaken: begin again."""

    async def finish_load(self, sale_id: str, token: str, items: Sequence[Item]) -> bool:
        """Opens the counters. False if the load was overtaken: begin again."""

    async def lapse(self, sale_id: str) -> int:
        """Gives back the units of holds that were not settled in time. Returns how many holds.

        Raises SaleNotLoaded.
        """

    async def stock(self, sale_id: str) -> list[ItemStock]:
        """The items of a sale in the order of their sku. Raises SaleNotLoaded."""
