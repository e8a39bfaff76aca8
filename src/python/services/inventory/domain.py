"""What stock is, and who may have it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ReservationState(StrEnum):
    """RESERVED becomes SOLD or RELEASED; those two are final."""

    RESERVED = "reserved"
    SOLD = "sold"
    RELEASED = "released"


class Refusal(StrEnum):
    """Why an order gets no stock."""

    UNKNOWN_ITEM = "unknown_item"
    CUSTOMER_CAP = "customer_cap"
    SOLD_OUT = "sold_out"
    RELEASED = "released"


@dataclass(frozen=True, slots=True, order=True)
class ItemKey:
    """One product in one sale: the unit that has a stock."""

    sale_id: str
    sku: str


@dataclass(frozen=True, slots=True)
class Wish:
    """The units that an order is after."""

    order_id: str
    item: ItemKey
    customer_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Reserve:
    """Keep the units for this order."""

    wish: Wish

    @property
    def order_id(self) -> str:
        return self.wish.order_id


@dataclass(frozen=True, slots=True)
class Release:
    """Give the units back. May arrive before the Reserve, which is then refused."""

    wish: Wish

    @property
    def order_id(self) -> str:
        return self.wish.order_id


@dataclass(frozen=True, slots=True)
class Commit:
    """The order is paid: its reserved units are sold."""

    order_id: str


Command = Reserve | Commit | Release


@dataclass(frozen=True, slots=True)
class Reserved:
    order_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    order_id: str
    reason: Refusal


@dataclass(frozen=True, slots=True)
class Committed:
    order_id: str


@dataclass(frozen=True, slots=True)
class Released:
    order_id: str


Event = Reserved | Refused | Committed | Released


@dataclass(frozen=True, slots=True)
class Item:
    """The ledger row of an item. Invariant: reserved + sold <= stock."""

    key: ItemKey
    stock: int
    per_customer_cap: int
    reserved: int = 0
    sold: int = 0

    @property
    def available(self) -> int:
        return self.stock - self.reserved - self.sold


@dataclass(frozen=True, slots=True)
class Reservation:
    """What the ledger says of one order."""

    wish: Wish
    state: ReservationState


@dataclass(frozen=True, slots=True)
class Position:
    """Whether an order has its units; this is what the hold counters are told."""

    wish: Wish
    kept: bool


@dataclass(frozen=True, slots=True)
class ItemStock:
    """What a customer may know of an item: units left to hold, and units of the sale."""

    sku: str
    available: int
    stock: int


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale as the catalog announced it; its items do not change afterwards. Times: Unix epoch."""

    sale_id: str
    opens_at_ms: int
    closes_at_ms: int
    items: tuple[Item, ...]


class IllegalCommand(Exception):
    """A command that no correct sender sends, such as a Commit of what was never reserved."""


@dataclass(slots=True)
class Ledger:
    """The part of the ledger that a batch of commands touches, loaded under lock.

    Commands change it in memory, in their order; `changed` and `items` are then written back.
    `taken` counts the reserved and sold units per item and customer.
    """

    items: dict[ItemKey, Item]
    reservations: dict[str, Reservation]
    taken: dict[tuple[ItemKey, str], int]
    stored: frozenset[str] = frozenset()
    changed: set[str] = field(default_factory=set)

    @classmethod
    def of(
        cls,
        items: Iterable[Item],
        reservations: Iterable[Reservation],
        taken: Mapping[tuple[ItemKey, str], int],
    ) -> "Ledger":
        known = {r.wish.order_id: r for r in reservations}
        return cls({i.key: i for i in items}, known, dict(taken), frozenset(known))

    def apply(self, command: Command) -> Event:
        """Decides one command. The same command again gives the same answer and changes nothing.

        Raises IllegalCommand; then nothing was changed.
        """
        match command:
            case Reserve(wish):
                return self._reserve(wish)
            case Release(wish):
                return self._release(wish)
            case Commit(order_id):
                return self._commit(order_id)

    def refusal(self, wish: Wish) -> Refusal | None:
        """Why the wish cannot be reserved now; None if it can."""
        item = self.items.get(wish.item)
        if item is None:
            return Refusal.UNKNOWN_ITEM
        if self.taken.get((wish.item, wish.customer_id), 0) + wish.quantity > item.per_customer_cap:
            return Refusal.CUSTOMER_CAP
        return Refusal.SOLD_OUT if wish.quantity > item.available else None

    def preview(self, wish: Wish) -> Refusal | None:
        """What a Reserve of this wish would be answered; None if it would be reserved."""
        known = self.reservations.get(wish.order_id)
        if known is None:
            return self.refusal(wish)
        return Refusal.RELEASED if known.state is ReservationState.RELEASED else None

    def _reserve(self, wish: Wish) -> Event:
        known = self.reservations.get(wish.order_id)
        if known is not None:
            released = known.state is ReservationState.RELEASED
            return Refused(wish.order_id, Refusal.RELEASED) if released else Reserved(wish.order_id)
        reason = self.refusal(wish)
        if reason is not None:
            return Refused(wish.order_id, reason)
        self._count(wish, reserved=wish.quantity)
        self._write(wish, ReservationState.RESERVED)
        return Reserved(wish.order_id)

    def _release(self, wish: Wish) -> Event:
        known = self.reservations.get(wish.order_id)
        if known is None:
            self._write(wish, ReservationState.RELEASED)
        elif known.state is ReservationState.SOLD:
            raise IllegalCommand(f"order {wish.order_id} is sold, it cannot be released")
        elif known.state is ReservationState.RESERVED:
            self._count(known.wish, reserved=-known.wish.quantity)
            self._write(known.wish, ReservationState.RELEASED)
        return Released(wish.order_id)

    def _commit(self, order_id: str) -> Event:
        known = self.reservations.get(order_id)
        if known is None or known.state is ReservationState.RELEASED:
            raise IllegalCommand(f"order {order_id} has no reservation to commit")
        if known.state is ReservationState.RESERVED:
            self._count(known.wish, reserved=-known.wish.quantity, sold=known.wish.quantity)
            self._write(known.wish, ReservationState.SOLD)
        return Committed(order_id)

    def _count(self, wish: Wish, reserved: int, sold: int = 0) -> None:
        item = self.items[wish.item]
        counts = (item.reserved + reserved, item.sold + sold)
        self.items[wish.item] = Item(item.key, item.stock, item.per_customer_cap, *counts)
        owner = (wish.item, wish.customer_id)
        self.taken[owner] = self.taken.get(owner, 0) + reserved + sold

    def _write(self, wish: Wish, state: ReservationState) -> None:
        self.reservations[wish.order_id] = Reservation(wish, state)
        self.changed.add(wish.order_id)

    def position(self, wish: Wish) -> Position:
        """Where the order of `wish` stands; what is not in the ledger keeps nothing."""
        known = self.reservations.get(wish.order_id)
        if known is None:
            return Position(wish, kept=False)
        return Position(known.wish, kept=known.state is not ReservationState.RELEASED)
