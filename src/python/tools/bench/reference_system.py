"""The reference as a system to measure."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from tools.bench.flags import Flags
from tools.bench.meter import Meter
from tools.bench.reference.stack import Running, reference_stack
from tools.bench.step import BUY, Door, Figures, drive, figures
from tools.devstack.ports import LOOPBACK
from tools.rehearsal.customers import Customer
from tools.rehearsal.visitors import Visitors

STOCK = 1_000_000
CAP = 100
LARGEST_QUANTITY = 2


class ReferenceSystem:
    """Sells to those who wait for the answer: 201 says that the order is confirmed."""

    name = "reference"

    def __init__(self, running: Running, flags: Flags) -> None:
        self._running = running
        self._flags = flags
        # No more wait than are served: a queue would only add to the latency of all.
        connections = flags.reference_connections
        self._door = Door(LOOPBACK, running.orders_port, connections, connections)
        # The reference takes the token for the customer's id.
        self._customers = [Customer(f"c-{n}", f"c-{n}") for n in range(flags.customers)]

    async def step(self, sale_id: str, rate: float, seconds: int, sku_count: int) -> Figures:
        """Sells for some seconds at a rate of arrivals."""
        visitors = Visitors(
            self._customers,
            host=f"{self._door.host}:{self._door.port}",
            sale_id=sale_id,
            skus=await self._open_sale(sale_id, sku_count),
            browse_ratio=0.0,
            largest_quantity=LARGEST_QUANTITY,
            seed=self._flags.seed,
        )
        meter = Meter(lambda: self._running.processes)
        recorder, _ = await drive(
            self._door, visitors.next, rate=rate, seconds=seconds, seed=self._flags.seed
        )
        use = meter.read()
        bought = recorder.kinds[BUY]
        pairs = zip(bought.intended_seconds, bought.latency_seconds, strict=True)
        return figures(
            recorder,
            rate=rate,
            seconds=seconds,
            confirmed_at=[intended + latency for intended, latency in pairs],
            confirm_seconds=bought.latency_seconds,
            use=use,
        )

    async def _open_sale(self, sale_id: str, sku_count: int) -> list[str]:
        skus = [f"sku-{number}" for number in range(sku_count)]
        items = [{"sku": sku, "stock": STOCK, "price_minor": 1000, "per_customer_cap": CAP} for sku in skus]
        url = f"{self._running.inventory_url}/sales/{sale_id}/items"
        async with (
            aiohttp.ClientSession() as session,
            session.put(url, json=items, raise_for_status=True),
        ):
            return skus


@asynccontextmanager
async def reference_system(flags: Flags) -> AsyncIterator[ReferenceSystem]:
    """Up for the length of the block. Errors: DevstackError."""
    async with reference_stack() as running:
        yield ReferenceSystem(running, flags)
