"""A replica of inventory without its entry points, and orders that go through it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from seawall.sql import open_database
from seawall.valkey import Valkey, open_valkey
from services.inventory import use_cases
from services.inventory.adapters.holds_valkey import KEYS, ValkeyHolds
from services.inventory.adapters.ledger_sql import SqlLedger
from services.inventory.domain import Command, Reserve, Sale, Wish
from services.inventory.ports import Delivery, Holds


@dataclass
class Replica:
    """Ledger and counters, as one process has them."""

    ledger: SqlLedger
    holds: Holds
    valkey: Valkey

    async def schedule(self, *sales: Sale) -> None:
        await use_cases.schedule_sales(sales, ledger=self.ledger, holds=self.holds)

    async def take(self, *wishes: Wish) -> list[str]:
        """The ids of the orders that got a hold."""
        loads = use_cases.Loads(self.ledger, self.holds)
        refusals = await use_cases.take_holds(wishes, ledger=self.ledger, holds=self.holds, loads=loads)
        return [wish.order_id for wish, refusal in zip(wishes, refusals, strict=True) if refusal is None]

    async def deliver(self, *commands: Command) -> None:
        """Messages as they come from the broker: the same command is the same message."""
        named = [Delivery(c, f"{c.order_id}:{type(c).__name__}", "orders") for c in commands]
        await use_cases.apply_commands(named, ledger=self.ledger, holds=self.holds)

    async def purchase(self, wishes: Sequence[Wish]) -> None:
        """Holds for all, then reservations of those that got one."""
        held = set(await self.take(*wishes))
        await asyncio.sleep(0)
        await self.deliver(*(Reserve(wish) for wish in wishes if wish.order_id in held))

    async def repay(self) -> int:
        return await use_cases.repay_holds(ledger=self.ledger, holds=self.holds)

    async def left(self, sale_id: str) -> tuple[int, int]:
        """Units of the first item that are left: by the counters, and by the ledger."""
        (counted, *_), (item, *_) = await self.holds.stock(sale_id), await self.ledger.items(sale_id)
        return counted.available, item.available

    async def lose_counters(self, sale_id: str) -> None:
        """As if Valkey had lost its data."""
        await self.valkey.delete(*(f"inventory:{{{sale_id}}}:{name}" for name in KEYS))


@asynccontextmanager
async def replica(
    database_url: str, valkey_url: str, *, hold_seconds: float = 30.0
) -> AsyncIterator[Replica]:
    """A replica with connections of its own. The database is migrated already."""
    async with open_database(database_url) as database, open_valkey(valkey_url) as valkey:
        yield Replica(SqlLedger(database), ValkeyHolds(valkey, hold_seconds=hold_seconds), valkey)
