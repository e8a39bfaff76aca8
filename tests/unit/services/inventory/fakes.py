"""The ports of inventory in memory: models of what the real adapters promise."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from services.inventory.domain import (
    Commit,
    IllegalCommand,
    Item,
    ItemKey,
    ItemStock,
    Ledger,
    Position,
    Refusal,
    ReservationState,
    Sale,
    Wish,
)
from services.inventory.ports import Delivery, HoldsUnavailable, SaleNotLoaded

FAR = 10**15


def a_sale(sale_id: str = "sale", stock: int = 10, cap: int = 10, skus: Sequence[str] = ("mug",)) -> Sale:
    return Sale(sale_id, 0, FAR, tuple(Item(ItemKey(sale_id, sku), stock, cap) for sku in skus))


def a_wish(
    order_id: str, quantity: int = 1, customer_id: str = "", sku: str = "mug", *, sale_id: str = "sale"
) -> Wish:
    return Wish(order_id, ItemKey(sale_id, sku), customer_id or f"customer of {order_id}", quantity)


class InMemoryLedger:
    """The LedgerStore port."""

    def __init__(self) -> None:
        self.book = Ledger({}, {}, {})
        self.seen: set[tuple[str, str]] = set()
        self.events: list[object] = []
        self.sales: dict[str, Sale] = {}
        self.owed: dict[str, Wish] = {}

    async def schedule(self, sales: Sequence[Sale]) -> None:
        for sale in sales:
            self.sales.setdefault(sale.sale_id, sale)
            for item in sale.items:
                self.book.items.setdefault(item.key, item)

    async def apply(self, deliveries: Sequence[Delivery]) -> list[Position]:
        for delivery in deliveries:
            identity = (delivery.source, delivery.id)
            if identity not in self.seen:
                self.seen.add(identity)
                try:
                    self.events.append(self.book.apply(delivery.command))
                except IllegalCommand as error:
                    self.events.append(error)
        wishes = [d.command.wish for d in deliveries if not isinstance(d.command, Commit)]
        return [self.book.position(wish) for wish in {w.order_id: w for w in wishes}.values()]

    async def preview(self, wishes: Sequence[Wish]) -> list[Refusal | None]:
        return [self.book.preview(wish) for wish in wishes]

    async def items(self, sale_id: str) -> list[Item]:
        return [self.book.items[key] for key in sorted(self.book.items) if key.sale_id == sale_id]

    async def kept(self, sale_id: str) -> AsyncIterator[list[Position]]:
        for reservation in list(self.book.reservations.values()):
            released = reservation.state is ReservationState.RELEASED
            if reservation.wish.item.sale_id == sale_id and not released:
                yield [Position(reservation.wish, kept=True)]

    async def unfinished_sales(self) -> list[str]:
        return sorted(self.sales)

    async def owe(self, positions: Sequence[Position]) -> None:
        self.owed |= {position.wish.order_id: position.wish for position in positions}

    async def repay(self, settle: Callable[[list[Position]], Awaitable[None]], limit: int) -> int:
        due = dict(list(self.owed.items())[:limit])
        await settle([self.book.position(wish) for wish in due.values()])
        for order_id in due:
            del self.owed[order_id]
        return len(due)


@dataclass
class _Counters:
    token: str | None
    stock: dict[str, int] = field(default_factory=dict)
    caps: dict[str, int] = field(default_factory=dict)
    held: dict[str, Wish] = field(default_factory=dict)
    kept: dict[str, Wish] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)
    lapsing: set[str] = field(default_factory=set)

    def units(self, customer_id: str | None = None) -> Counter[str]:
        """Units held or kept per sku, of everybody or of one customer."""
        units: Counter[str] = Counter()
        for wish in (*self.held.values(), *self.kept.values()):
            if customer_id in (None, wish.customer_id):
                units[wish.item.sku] += wish.quantity
        return units

    def refusal(self, wish: Wish) -> Refusal | None:
        if wish.order_id in self.released:
            return Refusal.RELEASED
        sku = wish.item.sku
        if sku not in self.stock:
            return Refusal.UNKNOWN_ITEM
        if self.units(wish.customer_id)[sku] + wish.quantity > self.caps[sku]:
            return Refusal.CUSTOMER_CAP
        if self.units()[sku] + wish.quantity > self.stock[sku]:
            return Refusal.SOLD_OUT
        return None


class InMemoryHolds:
    """The Holds port. Two of them may share `sales`; holds taken by one that is `lapsing` lapse at once."""

    def __init__(self, sales: dict[str, _Counters] | None = None, *, lapsing: bool = False) -> None:
        self.sales = {} if sales is None else sales
        self.lapsing = lapsing
        self.available = True

    async def take(self, sale_id: str, wishes: Sequence[Wish]) -> list[Refusal | None]:
        counters = self._loaded(sale_id)
        self._lapse(counters)
        return [self._take(counters, wish) for wish in wishes]

    def _take(self, counters: _Counters, wish: Wish) -> Refusal | None:
        if wish.order_id in counters.kept:
            return None
        counters.held.pop(wish.order_id, None)
        counters.lapsing.discard(wish.order_id)
        refusal = counters.refusal(wish)
        if refusal is None:
            counters.held[wish.order_id] = wish
            if self.lapsing:
                counters.lapsing.add(wish.order_id)
        return refusal

    async def settle(self, positions: Sequence[Position]) -> None:
        self._reach()
        for position in positions:
            counters = self.sales.get(position.wish.item.sale_id)
            if counters is not None:
                _settle(counters, position)

    async def begin_load(self, sale_id: str, token: str) -> bool:
        self._reach()
        if sale_id in self.sales:
            return False
        self.sales[sale_id] = _Counters(token)
        return True

    async def load(self, sale_id: str, token: str, positions: Sequence[Position]) -> bool:
        self._reach()
        counters = self.sales.get(sale_id)
        if counters is None or counters.token != token:
            return False
        for position in positions:
            _settle(counters, position)
        return True

    async def finish_load(self, sale_id: str, token: str, items: Sequence[Item]) -> bool:
        if not await self.load(sale_id, token, []):
            return False
        counters = self.sales[sale_id]
        counters.stock = {item.key.sku: item.stock for item in items}
        counters.caps = {item.key.sku: item.per_customer_cap for item in items}
        counters.token = None
        return True

    async def lapse(self, sale_id: str) -> int:
        return self._lapse(self._loaded(sale_id))

    async def stock(self, sale_id: str) -> list[ItemStock]:
        counters = self._loaded(sale_id)
        units = counters.units()
        return [
            ItemStock(sku, max(0, stock - units[sku]), stock) for sku, stock in sorted(counters.stock.items())
        ]

    @staticmethod
    def _lapse(counters: _Counters) -> int:
        lapsed = len(counters.lapsing)
        for order_id in counters.lapsing:
            del counters.held[order_id]
        counters.lapsing.clear()
        return lapsed

    def _reach(self) -> None:
        if not self.available:
            raise HoldsUnavailable

    def _loaded(self, sale_id: str) -> _Counters:
        self._reach()
        counters = self.sales.get(sale_id)
        if counters is None or counters.token is not None:
            raise SaleNotLoaded(sale_id)
        return counters


def _settle(counters: _Counters, position: Position) -> None:
    order_id = position.wish.order_id
    if order_id in counters.released or (position.kept and order_id in counters.kept):
        return
    counters.held.pop(order_id, None)
    counters.lapsing.discard(order_id)
    counters.kept.pop(order_id, None)
    if position.kept:
        counters.kept[order_id] = position.wish
    else:
        counters.released.add(order_id)
