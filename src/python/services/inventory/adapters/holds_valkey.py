"""Hold counters in Valkey: one hash tag per sale, one atomic script per step."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from prometheus_client import Counter

from seawall.valkey import Script, Valkey, ValkeyError
from services.inventory.adapters import holds_scripts
from services.inventory.domain import Item, ItemStock, Position, Refusal, Wish
from services.inventory.ports import HoldsUnavailable, SaleNotLoaded

KEYS = ("state", "available", "stock", "caps", "customers", "orders", "deadlines")
MAX_PER_CALL = 500
LOAD_GIVEN_UP_MS = 5_000
# Replicas of another release may hold for longer, by no more than this.
OTHERS_MS = 60_000

T = TypeVar("T")

_log = logging.getLogger(__name__)
_LAPSED = Counter("shop_inventory_holds_lapsed_total", "Holds given back because no order followed in time")
_LOADED = Counter(
    "shop_inventory_counters_loaded_total", "Times a sale's counters were filled from the ledger"
)
_FAILED = Counter("shop_inventory_counters_unavailable_total", "Calls of the hold counters without an answer")


class ValkeyHolds:
    """The Holds port. A hold lapses after `hold_seconds`, counted by the server's clock.

    After a failure no call is made for `rest_seconds`: each raises HoldsUnavailable at once.
    """

    def __init__(
        self,
        valkey: Valkey,
        *,
        hold_seconds: float = 30.0,
        rest_seconds: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._valkey = valkey
        self._hold_ms = int(hold_seconds * 1000)
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._resting_until = -1.0

    async def take(self, sale_id: str, wishes: Sequence[Wish]) -> list[Refusal | None]:
        outcomes: list[Refusal | None] = []
        for chunk in _chunks(wishes):
            tuples = [v for w in chunk for v in (w.order_id, w.item.sku, w.customer_id, w.quantity)]
            reply = await self._run(holds_scripts.TAKE, sale_id, self._hold_ms, MAX_PER_CALL, *tuples)
            if reply is None:
                raise SaleNotLoaded(sale_id)
            outcomes += [None if outcome == "held" else Refusal(outcome) for outcome in reply]
        return outcomes

    async def settle(self, positions: Sequence[Position]) -> None:
        by_sale: dict[str, list[Position]] = {}
        for position in positions:
            by_sale.setdefault(position.wish.item.sale_id, []).append(position)
        for sale_id, of_sale in by_sale.items():
            for chunk in _chunks(of_sale):
                await self._run(holds_scripts.SETTLE, sale_id, "", 0, *_tuples(chunk))

    async def begin_load(self, sale_id: str, token: str) -> bool:
        return bool(await self._run(holds_scripts.BEGIN_LOAD, sale_id, _loading(token), LOAD_GIVEN_UP_MS))

    async def load(self, sale_id: str, token: str, positions: Sequence[Position]) -> bool:
        for chunk in _chunks(positions):
            arguments = (_loading(token), LOAD_GIVEN_UP_MS, *_tuples(chunk))
            if not await self._run(holds_scripts.SETTLE, sale_id, *arguments):
                return False
        return True

    async def finish_load(self, sale_id: str, token: str, items: Sequence[Item]) -> bool:
        tuples = [v for item in items for v in (item.key.sku, item.stock, item.per_customer_cap)]
        done = bool(await self._run(holds_scripts.FINISH_LOAD, sale_id, _loading(token), *tuples))
        if done:
            _LOADED.inc()
            _log.info("hold counters filled from the ledger", extra={"sale_id": sale_id})
        return done

    async def lapse(self, sale_id: str) -> int:
        latest_ms = self._hold_ms + OTHERS_MS
        lapsed = await self._run(holds_scripts.LAPSE, sale_id, MAX_PER_CALL, latest_ms)
        if lapsed is None:
            raise SaleNotLoaded(sale_id)
        _LAPSED.inc(int(lapsed))
        return int(lapsed)

    async def stock(self, sale_id: str) -> list[ItemStock]:
        reply = await self._run(holds_scripts.STOCK, sale_id)
        if reply is None:
            raise SaleNotLoaded(sale_id)
        available, stock = (dict(zip(flat[::2], map(int, flat[1::2]), strict=True)) for flat in reply)
        return [ItemStock(sku, max(0, available.get(sku, 0)), stock[sku]) for sku in sorted(stock)]

    async def _run(self, script: Script, sale_id: str, *arguments: str | int) -> Any:
        if self._clock() < self._resting_until:
            raise HoldsUnavailable("resting after a failure")
        keys = [f"inventory:{{{sale_id}}}:{name}" for name in KEYS]
        try:
            return await script(self._valkey, keys=keys, args=arguments)
        except ValkeyError as error:
            _FAILED.inc()
            _log.warning("the hold counters did not answer", extra={"error": str(error)})
            self._resting_until = self._clock() + self._rest_seconds
            raise HoldsUnavailable(str(error)) from error


def _chunks(values: Sequence[T]) -> list[Sequence[T]]:
    # At least one, so that even a load of nothing finds out whether it was overtaken.
    return [values[start : start + MAX_PER_CALL] for start in range(0, max(1, len(values)), MAX_PER_CALL)]


def _tuples(positions: Sequence[Position]) -> list[str | int]:
    return [
        value
        for p in positions
        for value in (
            p.wish.order_id,
            "r" if p.kept else "x",
            p.wish.item.sku,
            p.wish.customer_id,
            p.wish.quantity,
        )
    ]


def _loading(token: str) -> str:
    return f"loading:{token}"
