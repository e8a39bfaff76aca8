"""Waits until nothing is under way any more, by what the stores say."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from tools.rehearsal.snapshot import FINAL_ORDER_STATES, LedgerRow
from tools.rehearsal.stores import SERVICES_WITH_OUTBOX

LOOKS_IN_A_ROW = 2
PAUSE_SECONDS = 0.5


class Stirring(Protocol):
    """What must be known of the stores (see stores.Stores)."""

    async def order_states(self, sale_id: str) -> Mapping[str, int]: ...

    async def counters(self, sale_id: str) -> Mapping[str, int]: ...

    async def ledger(self, sale_id: str) -> Mapping[str, LedgerRow]: ...

    async def backlog(self, service: str) -> int: ...

    async def open_charges(self) -> int: ...

    async def reserved_units(self, sale_id: str) -> int: ...


async def unrest(stores: Stirring, sale_id: str) -> dict[str, int]:
    """Returns what is still under way, each with its count; empty when the system is quiet."""
    states = await stores.order_states(sale_id)
    found = {
        "orders not final": sum(n for state, n in states.items() if state not in FINAL_ORDER_STATES),
        "units reserved": await stores.reserved_units(sale_id),
        "charges under way": await stores.open_charges(),
        "counters that differ": await _differing_counters(stores, sale_id),
    }
    for service in SERVICES_WITH_OUTBOX:
        found[f"messages in the outbox of {service}"] = await stores.backlog(service)
    return {what: count for what, count in found.items() if count}


async def _differing_counters(stores: Stirring, sale_id: str) -> int:
    # A hold whose order was never written lapses by itself: until then the counter is lower.
    counters = await stores.counters(sale_id)
    ledger = await stores.ledger(sale_id)
    return sum(counters.get(sku) != row.stock - row.reserved - row.sold for sku, row in ledger.items())


async def _look(stores: Stirring, sale_id: str) -> dict[str, int]:
    """A store that cannot be read just now (it restarts) is unrest, too."""
    try:
        return await unrest(stores, sale_id)
    except Exception as error:
        return {f"store that cannot be read ({error})": 1}


async def until_quiet(
    stores: Stirring,
    sale_id: str,
    timeout_seconds: float,
    report: Callable[[dict[str, int]], None],
    *,
    pause_seconds: float = PAUSE_SECONDS,
) -> dict[str, int]:
    """Returns what was under way at the end: empty, unless `timeout_seconds` passed first.

    `report` is called after each look.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout_seconds
    quiet_looks = 0
    while True:
        found = await _look(stores, sale_id)
        report(found)
        quiet_looks = 0 if found else quiet_looks + 1
        if quiet_looks == LOOKS_IN_A_ROW or loop.time() >= end:
            return found
        await asyncio.sleep(pause_seconds)
