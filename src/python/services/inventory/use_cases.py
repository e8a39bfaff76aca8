"""What inventory does."""

import asyncio
import contextvars
import uuid
from collections.abc import Sequence
from contextlib import suppress

from services.inventory.domain import ItemStock, Refusal, Sale, Wish
from services.inventory.ports import Delivery, Holds, HoldsUnavailable, LedgerStore, SaleNotLoaded

LOAD_ATTEMPTS = 20
LOAD_POLL_SECONDS = 0.02
REPAY_BATCH = 500


async def schedule_sales(sales: Sequence[Sale], *, ledger: LedgerStore, holds: Holds) -> None:
    """Open the ledger of announced sales, and their counters if those can be reached."""
    await ledger.schedule(sales)
    with suppress(HoldsUnavailable):
        for sale in sales:
            await load_sale(sale.sale_id, ledger=ledger, holds=holds)


class Loads:
    """The loads under way in this process: one per sale, and none ends because a caller gives up.

    Nobody waits longer than `patience_seconds` for one; the ledger answers in the meantime.
    """

    def __init__(self, ledger: LedgerStore, holds: Holds, *, patience_seconds: float = 0.3) -> None:
        self._ledger = ledger
        self._holds = holds
        self._patience_seconds = patience_seconds
        self._running: dict[str, asyncio.Task[bool]] = {}

    async def load(self, sale_id: str) -> bool:
        """Whether the counters of the sale are filled. Raises HoldsUnavailable."""
        load = self._running.get(sale_id)
        if load is None:
            work = load_sale(sale_id, ledger=self._ledger, holds=self._holds)
            # Nobody's: it must not end at the deadline of whoever came first.
            load = asyncio.create_task(work, context=contextvars.Context())
            self._running[sale_id] = load
            load.add_done_callback(lambda done: self._ended(sale_id, done))
        try:
            async with asyncio.timeout(self._patience_seconds):
                return await asyncio.shield(load)
        except TimeoutError:
            return False

    def _ended(self, sale_id: str, load: asyncio.Task[bool]) -> None:
        del self._running[sale_id]
        if not load.cancelled():
            # Whoever waited has got it; if nobody did, the next hold finds out by itself.
            load.exception()


async def take_holds(
    wishes: Sequence[Wish], *, ledger: LedgerStore, holds: Holds, loads: Loads
) -> list[Refusal | None]:
    """Hold units for many orders; the answers are in the order of the wishes, None is a hold.

    Where the counters do not answer, the ledger says who would get units: nobody holds them then,
    and the ledger decides again when the order is reserved.
    """
    by_sale: dict[str, list[int]] = {}
    for index, wish in enumerate(wishes):
        by_sale.setdefault(wish.item.sale_id, []).append(index)
    answers: list[Refusal | None] = [None] * len(wishes)
    for sale_id, indexes in by_sale.items():
        of_sale = [wishes[index] for index in indexes]
        refusals = await _take_of_sale(sale_id, of_sale, ledger, holds, loads)
        for index, refusal in zip(indexes, refusals, strict=True):
            answers[index] = refusal
    return answers


async def _take_of_sale(
    sale_id: str, wishes: Sequence[Wish], ledger: LedgerStore, holds: Holds, loads: Loads
) -> list[Refusal | None]:
    with suppress(HoldsUnavailable, SaleNotLoaded):
        try:
            return await holds.take(sale_id, wishes)
        except SaleNotLoaded:
            if await loads.load(sale_id):
                return await holds.take(sale_id, wishes)
    return await ledger.preview(wishes)


async def load_sale(sale_id: str, *, ledger: LedgerStore, holds: Holds) -> bool:
    """Fill the counters of a sale from the ledger, or wait for whoever is doing it.

    False if there is no such sale, or it takes too long. Raises HoldsUnavailable.
    """
    items = await ledger.items(sale_id)
    if not items:
        return False
    for _ in range(LOAD_ATTEMPTS):
        token = uuid.uuid4().hex
        if await holds.begin_load(sale_id, token):
            if await _load(sale_id, token, ledger, holds):
                return True
        elif await _is_loaded(sale_id, holds):
            return True
        await asyncio.sleep(LOAD_POLL_SECONDS)
    return False


async def _load(sale_id: str, token: str, ledger: LedgerStore, holds: Holds) -> bool:
    # Read after begin_load: what commits later is settled on top, what committed before is read here.
    async for page in ledger.kept(sale_id):
        if not await holds.load(sale_id, token, page):
            return False
    return await holds.finish_load(sale_id, token, await ledger.items(sale_id))


async def _is_loaded(sale_id: str, holds: Holds) -> bool:
    try:
        await holds.stock(sale_id)
    except SaleNotLoaded:
        return False
    return True


async def apply_commands(deliveries: Sequence[Delivery], *, ledger: LedgerStore, holds: Holds) -> None:
    """Reserve, release and sell what a batch of messages asks for; each message counts once.

    The counters follow the ledger: at once, or later from what the ledger says is owed to them.
    A crash in between is healed by redelivery, because repeated messages are settled again.
    """
    positions = await ledger.apply(deliveries)
    if not positions:
        return
    try:
        await holds.settle(positions)
    except HoldsUnavailable:
        await ledger.owe(positions)


async def repay_holds(*, ledger: LedgerStore, holds: Holds) -> int:
    """Tell the counters all that they missed while they could not be reached. Raises HoldsUnavailable."""
    told = 0
    while repaid := await ledger.repay(holds.settle, REPAY_BATCH):
        told += repaid
    return told


async def sweep_sales(*, ledger: LedgerStore, holds: Holds, loads: Loads) -> int:
    """Give back the units of holds whose orders never came, and fill counters that were lost.

    So they are full before the crowd asks. Returns how many holds lapsed. Raises HoldsUnavailable.
    """
    lapsed = 0
    for sale_id in await ledger.unfinished_sales():
        try:
            lapsed += await holds.lapse(sale_id)
        except SaleNotLoaded:
            await loads.load(sale_id)
    return lapsed


async def stock_of(sale_id: str, *, ledger: LedgerStore, holds: Holds) -> list[ItemStock]:
    """What is left of a sale: by the counters, or by the ledger where they do not answer."""
    try:
        return await holds.stock(sale_id)
    except (HoldsUnavailable, SaleNotLoaded):
        items = await ledger.items(sale_id)
        return [ItemStock(item.key.sku, item.available, item.stock) for item in items]
