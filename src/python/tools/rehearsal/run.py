"""One rehearsal: prepare a sale, drive the load, wait for quiet, read the stores."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from tools.devstack.stack import Stack
from tools.rehearsal.arrivals import PROFILES, schedule
from tools.rehearsal.chaos.faults import Entry
from tools.rehearsal.chaos.run import Chaos, chaos_on
from tools.rehearsal.customers import Customer, mint, sign_up
from tools.rehearsal.flags import Flags
from tools.rehearsal.http_pool import HttpPool
from tools.rehearsal.load import LONGEST_PAUSE_SECONDS, Load
from tools.rehearsal.processes import ProcessWatch
from tools.rehearsal.progress import Progress
from tools.rehearsal.quiet import until_quiet
from tools.rehearsal.recorder import Recorder
from tools.rehearsal.sale import Sale, prepare_sale
from tools.rehearsal.snapshot import Snapshot
from tools.rehearsal.stack import Stage
from tools.rehearsal.stores import Stores, open_stores
from tools.rehearsal.visitors import Visitors

REAL_SIGN_UPS = 5
# What orders takes in one order, whatever the cap.
LARGEST_QUANTITY = 10
REQUEST_TIMEOUT_SECONDS = 15.0
MOST_WAITING = 20_000
TOKEN_SPARE_SECONDS = 900
SHOW_EVERY_SECONDS = 2.0


@dataclass
class Rehearsal:
    """What a run brought to light."""

    run_id: str
    flags: Flags
    started_at: float
    recorder: Recorder
    snapshot: Snapshot
    unrest: dict[str, int]
    quiet_seconds: float
    watch: ProcessWatch
    faults: list[Entry] = field(default_factory=list)


async def rehearse(stage: Stage, flags: Flags) -> Rehearsal:
    """Runs the whole rehearsal on a stack. Errors: PreparationError."""
    run_id = f"rehearsal-{int(time.time())}"
    stack = stage.stack
    async with (
        aiohttp.ClientSession(stack.gateway_url) as gateway,
        open_stores(stack.databases, stack.valkey_url, stack.provider_url) as stores,
        chaos_on(stage, flags) as chaos,
    ):
        sale = await _prepare(gateway, stack, flags, run_id)
        customers = await _customers(gateway, stack, flags, run_id)
        watch = ProcessWatch(stage.processes)
        recorder = Recorder()
        started_at = time.time()
        progress = Progress(stores, sale.sale_id, recorder, watch, chaos.under_way)
        await _drive(stack, flags, sale, customers, recorder, progress, chaos)
        ended = time.monotonic()
        print("waiting until the system is quiet", flush=True)
        unrest = await until_quiet(stores, sale.sale_id, flags.settle, UnrestLines().show)
        watch.look()
        quiet_seconds = time.monotonic() - ended
        snapshot = await _snapshot(stores, sale, recorder)
    return Rehearsal(run_id, flags, started_at, recorder, snapshot, unrest, quiet_seconds, watch, chaos.log)


async def _prepare(gateway: aiohttp.ClientSession, stack: Stack, flags: Flags, run_id: str) -> Sale:
    print(f"preparing sale {run_id}: {flags.skus} SKUs of {flags.stock} units, cap {flags.cap}", flush=True)
    return await prepare_sale(
        gateway,
        sale_id=run_id,
        operator_email=stack.operator_email,
        operator_password=stack.operator_password,
        sku_count=flags.skus,
        stock=flags.stock,
        per_customer_cap=flags.cap,
        duration_seconds=flags.duration,
    )


async def _customers(
    gateway: aiohttp.ClientSession, stack: Stack, flags: Flags, run_id: str
) -> list[Customer]:
    print(f"preparing {flags.customers} customers", flush=True)
    real = await sign_up(gateway, min(REAL_SIGN_UPS, flags.customers), run_id)
    signing_key = await asyncio.to_thread(Path(stack.signing_key_file).read_text)
    ttl_seconds = int(flags.duration) + TOKEN_SPARE_SECONDS
    minted = await asyncio.to_thread(
        mint, signing_key, flags.customers - len(real), seed=flags.seed, ttl_seconds=ttl_seconds
    )
    return real + minted


async def _drive(
    stack: Stack,
    flags: Flags,
    sale: Sale,
    customers: list[Customer],
    recorder: Recorder,
    progress: Progress,
    chaos: Chaos,
) -> None:
    address = urlsplit(stack.gateway_url)
    host, port = address.hostname or "127.0.0.1", address.port or 80
    visitors = Visitors(
        customers,
        host=f"{host}:{port}",
        sale_id=sale.sale_id,
        skus=sale.skus,
        browse_ratio=flags.browse_ratio,
        largest_quantity=min(flags.cap, LARGEST_QUANTITY),
        seed=flags.seed,
    )
    pool = HttpPool(
        host,
        port,
        max_connections=flags.connections,
        max_waiting=MOST_WAITING,
        timeout_seconds=REQUEST_TIMEOUT_SECONDS,
    )
    load = Load(pool, visitors.next, recorder, tries=flags.tries)
    phases = PROFILES[flags.profile](flags.rate, flags.duration)
    async with _showing(progress, load, pool), asyncio.TaskGroup() as group:
        group.create_task(chaos.run())
        await load.run(schedule(phases, flags.seed))
        await load.settle(flags.tries * (REQUEST_TIMEOUT_SECONDS + LONGEST_PAUSE_SECONDS) + 1)
    pool.close()


@asynccontextmanager
async def _showing(progress: Progress, load: Load, pool: HttpPool) -> AsyncIterator[None]:
    task = asyncio.create_task(progress.run(load, pool))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class UnrestLines:
    """Prints what is under way when it has changed, at most once in `SHOW_EVERY_SECONDS`."""

    def __init__(self) -> None:
        self._shown: dict[str, int] = {}
        self._show_again_at = 0.0

    def show(self, found: dict[str, int]) -> None:
        now = time.monotonic()
        if found and found != self._shown and now >= self._show_again_at:
            print("  under way: " + ", ".join(f"{count} {what}" for what, count in found.items()), flush=True)
            self._shown, self._show_again_at = found, now + SHOW_EVERY_SECONDS


async def _snapshot(stores: Stores, sale: Sale, recorder: Recorder) -> Snapshot:
    print("reading the stores", flush=True)
    return await stores.snapshot(sale.sale_id, frozenset(recorder.accepted))
