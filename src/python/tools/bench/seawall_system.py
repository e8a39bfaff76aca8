"""The shop as a system to measure: the devstack, as `up` starts it."""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from sqlalchemy import text

from tools.bench.accept import AcceptFigures, accept_figures
from tools.bench.bare_edge import bare_edge
from tools.bench.flags import Flags
from tools.bench.meter import Meter
from tools.bench.step import Door, Figures, drive, figures
from tools.devstack.stack import Stack
from tools.rehearsal.customers import Customer, mint
from tools.rehearsal.quiet import until_quiet
from tools.rehearsal.recorder import Recorder
from tools.rehearsal.sale import schedule_sale
from tools.rehearsal.stack import Stage, stage_for_run
from tools.rehearsal.stores import Stores, open_stores
from tools.rehearsal.visitors import Visit, Visitors

STOCK = 1_000_000
CAP = 100
LARGEST_QUANTITY = 2
MOST_SKUS_OF_A_SALE = 500
MOST_WAITING = 20_000
SETTLE_SECONDS = 60.0
SLOW_PROVIDER = {"latency": {"kind": "constant", "ms": 5000}}

# The API has no call for new products: the bench multiplies one in the catalogue's own table.
PRODUCTS = text("""
INSERT INTO products (sku, document)
SELECT sku, jsonb_set(model.document, '{sku}', to_jsonb(sku))
FROM unnest(CAST(:skus AS text[])) AS sku, (SELECT document FROM products LIMIT 1) AS model
ON CONFLICT DO NOTHING
""")
CONFIRMED = text("""
SELECT CAST(extract(epoch FROM updated_at) AS float8) AS at,
       CAST(extract(epoch FROM updated_at - placed_at) AS float8) AS took
FROM orders WHERE sale_id = :sale_id AND state = 'confirmed'
""")


class SeawallSystem:
    """Answers 202 at once; when an order was confirmed stands in its row."""

    def __init__(
        self,
        stage: Stage,
        stores: Stores,
        gateway: aiohttp.ClientSession,
        customers: Sequence[Customer],
        flags: Flags,
    ) -> None:
        self._stage = stage
        self._stores = stores
        self._gateway = gateway
        self._customers = customers
        self._flags = flags
        address = urlsplit(stage.stack.gateway_url)
        self._door = self._door_at(address.hostname or "127.0.0.1", address.port or 80)

    async def step(self, sale_id: str, rate: float, seconds: int, sku_count: int) -> Figures:
        """Sells for some seconds at a rate of arrivals, then waits until all orders are final."""
        sale_ids, visits = await self._open(sale_id, sku_count)
        meter = Meter(self._stage.processes)
        recorder, started_at = await drive(
            self._door, visits, rate=rate, seconds=seconds, seed=self._flags.seed
        )
        await self._settle(sale_ids)
        use = meter.read()
        orders = [row for sale in sale_ids for row in await self._confirmed(sale)]
        return figures(
            recorder,
            rate=rate,
            seconds=seconds,
            confirmed_at=[at - started_at for at, _ in orders],
            confirm_seconds=[took for _, took in orders],
            use=use,
        )

    async def accept(self, sale_id: str, rate: float, seconds: int) -> AcceptFigures:
        """The latency of a 202: of a bare server, of ours, and of ours while the provider takes 5 s."""
        sale_ids, visits = await self._open(sale_id, sku_count=1)

        async def load(door: Door) -> Recorder:
            return (await drive(door, visits, rate=rate, seconds=seconds, seed=self._flags.seed))[0]

        async with bare_edge(self._stage.stack) as port:
            bare = await load(self._door_at(self._door.host, port))
        ours = await load(self._door)
        await self._settle(sale_ids)
        await self._provider_behaves(SLOW_PROVIDER)
        try:
            slow = await load(self._door)
        finally:
            await self._provider_behaves({})
        await self._settle(sale_ids)
        return accept_figures(rate, bare=bare, ours=ours, slow=slow)

    async def _open(self, sale_id: str, sku_count: int) -> tuple[list[str], Callable[[], Visit]]:
        """Puts the SKUs on sale, in as many sales as it takes; each visit is to any one of those."""
        skus = [f"BENCH-{number:05d}" for number in range(sku_count)]
        async with self._stores.databases["catalog"].transaction() as connection:
            await connection.execute(PRODUCTS, {"skus": skus})
        parts = [skus[i : i + MOST_SKUS_OF_A_SALE] for i in range(0, sku_count, MOST_SKUS_OF_A_SALE)]
        sales = {f"{sale_id}-{number}": part for number, part in enumerate(parts)}
        for part_id, part in sales.items():
            await self._schedule(part_id, part)
        rng = random.Random(self._flags.seed)
        visitors = [self._visitors(part_id, part) for part_id, part in sales.items()]
        weights = [len(part) for part in parts]

        def visit() -> Visit:
            return rng.choices(visitors, weights)[0].next()

        return list(sales), visit

    async def _schedule(self, sale_id: str, skus: list[str]) -> None:
        stack = self._stage.stack
        await schedule_sale(
            self._gateway,
            sale_id=sale_id,
            operator_email=stack.operator_email,
            operator_password=stack.operator_password,
            skus=skus,
            stock=STOCK,
            per_customer_cap=CAP,
            duration_seconds=self._flags.seconds,
        )

    def _visitors(self, sale_id: str, skus: Sequence[str]) -> Visitors:
        return Visitors(
            self._customers,
            host=f"{self._door.host}:{self._door.port}",
            sale_id=sale_id,
            skus=skus,
            browse_ratio=0.0,
            largest_quantity=LARGEST_QUANTITY,
            seed=self._flags.seed,
        )

    def _door_at(self, host: str, port: int) -> Door:
        return Door(host, port, self._flags.seawall_connections, MOST_WAITING)

    async def _settle(self, sale_ids: Sequence[str]) -> None:
        for sale_id in sale_ids:
            left = await until_quiet(self._stores, sale_id, SETTLE_SECONDS, lambda _: None)
            if left:
                print(f"  still under way in {sale_id}: {left}", flush=True)

    async def _confirmed(self, sale_id: str) -> list[tuple[float, float]]:
        async with self._stores.databases["orders"].connection() as connection:
            rows = await connection.execute(CONFIRMED, {"sale_id": sale_id})
            return [(row.at, row.took) for row in rows]

    async def _provider_behaves(self, behaviour: Mapping[str, object]) -> None:
        async with self._stores.provider.put("/v1/behaviour", json=behaviour, raise_for_status=True):
            pass


@asynccontextmanager
async def seawall_system(flags: Flags) -> AsyncIterator[SeawallSystem]:
    """A stack of its own for the length of the block. Errors: StackError, PreparationError."""
    with tempfile.TemporaryDirectory(prefix="seawall-bench-") as empty:
        async with stage_for_run(Path(empty)) as stage:
            stack = stage.stack
            async with (
                aiohttp.ClientSession(stack.gateway_url) as gateway,
                open_stores(stack.databases, stack.valkey_url, stack.provider_url) as stores,
            ):
                yield SeawallSystem(stage, stores, gateway, await _customers(stack, flags), flags)


async def _customers(stack: Stack, flags: Flags) -> list[Customer]:
    signing_key = await asyncio.to_thread(Path(stack.signing_key_file).read_text)
    ttl_seconds = flags.limit_minutes * 60 + 3600
    return await asyncio.to_thread(
        mint, signing_key, flags.customers, seed=flags.seed, ttl_seconds=ttl_seconds
    )
