"""Everything that inventory is made of, wired once."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

from aiohttp import web

from seawall.messaging import Broker, OutboxRelay, open_broker
from seawall.resilience import ServerWatch
from seawall.rpc import serve_grpc
from seawall.sql import STORE_AWAY, is_outage, open_database, upgrade
from seawall.valkey import open_valkey
from seawall.web import READINESS, background, every, web_service
from seawall.web.jobs import Job, exit_process
from services.inventory import use_cases
from services.inventory.adapters.events import TOPIC as EVENTS_TOPIC
from services.inventory.adapters.holds_valkey import ValkeyHolds
from services.inventory.adapters.ledger_sql import CONSUMER, SqlLedger
from services.inventory.adapters.reconciliation import Reconciliation
from services.inventory.entrypoints import consumers, grpc_api, http_api
from services.inventory.ports import HoldsUnavailable
from services.inventory.settings import InventorySettings

MIGRATIONS = Path(__file__).parent / "migrations"
TOPICS = {EVENTS_TOPIC: 4, consumers.COMMANDS_TOPIC: 4, consumers.SALES_TOPIC: 4}
VALKEY_TIMEOUT_SECONDS = 0.5
VALKEY_CONNECTIONS = 32
DATABASE_CONNECTIONS = 6
RECONCILE_SECONDS = 15.0
# What a store may throw while it is away; anything else is a bug and ends the process.
TOLERATED: tuple[type[Exception], ...] = (HoldsUnavailable, *STORE_AWAY)

_log = logging.getLogger(__name__)

OpenBroker = Callable[..., AbstractAsyncContextManager[Broker]]


def build(settings: InventorySettings, open_broker: OpenBroker = open_broker) -> web.Application:
    """The service, not started yet."""
    return web_service(
        settings, name="inventory", routes=http_api.routes, lifetime=partial(_lifetime, settings, open_broker)
    )


async def _lifetime(
    settings: InventorySettings, open_broker: OpenBroker, app: web.Application
) -> AsyncIterator[None]:
    async with (
        open_database(settings.database_url, pool_size=DATABASE_CONNECTIONS) as database,
        open_broker(settings.broker_url, client="inventory", topics=TOPICS) as broker,
        broker.publisher() as publisher,
        open_valkey(
            settings.valkey_url,
            max_connections=VALKEY_CONNECTIONS,
            timeout_seconds=VALKEY_TIMEOUT_SECONDS,
            watched=partial(ServerWatch, "valkey", probe_seconds=VALKEY_TIMEOUT_SECONDS),
        ) as valkey,
    ):
        await app[READINESS].needs("database", database.ping, is_outage)
        if settings.migrate_on_start:
            await upgrade(settings.database_url, MIGRATIONS)
        relay = OutboxRelay(database, publisher, service="inventory")
        ledger = SqlLedger(database, wake=relay.wake)
        holds = ValkeyHolds(valkey, hold_seconds=settings.hold_seconds)
        loads = use_cases.Loads(ledger, holds)
        take = partial(use_cases.take_holds, ledger=ledger, holds=holds, loads=loads)
        stock_of: http_api.StockOf = partial(use_cases.stock_of, ledger=ledger, holds=holds)
        app[http_api.STOCK_OF] = stock_of
        work = _jobs(settings, broker, ledger, holds, loads)
        work["reconcile"] = every(RECONCILE_SECONDS, Reconciliation(database, valkey).run, *TOLERATED)
        async with (
            serve_grpc(
                settings.host,
                settings.grpc_port,
                grpc_api.register(take),
                reflected=grpc_api.SERVICES if settings.grpc_reflection else (),
            ) as grpc_port,
            background(exit_process, relay=relay.run(), **work) as jobs,
        ):
            _log.info("grpc ready", extra={"grpc_port": grpc_port})
            app[READINESS].add("broker", broker.ping)
            app[READINESS].add("jobs", jobs.check)
            yield


def _jobs(
    settings: InventorySettings, broker: Broker, ledger: SqlLedger, holds: ValkeyHolds, loads: use_cases.Loads
) -> dict[str, Job]:
    apply = partial(use_cases.apply_commands, ledger=ledger, holds=holds)
    schedule = partial(use_cases.schedule_sales, ledger=ledger, holds=holds)
    repay = partial(use_cases.repay_holds, ledger=ledger, holds=holds)
    sweep = partial(use_cases.sweep_sales, ledger=ledger, holds=holds, loads=loads)
    commands = broker.subscriber([consumers.COMMANDS_TOPIC], CONSUMER)
    sales = broker.subscriber([consumers.SALES_TOPIC], "inventory.sales")
    return {
        "commands": commands.run(consumers.commands_handler(apply)),
        "sales": sales.run(consumers.sales_handler(schedule)),
        "repay": every(1.0, repay, *TOLERATED),
        "sweep": every(1.0, sweep, *TOLERATED),
        "measure": every(5.0, ledger.measure, *TOLERATED),
        "purge": every(60.0, partial(ledger.purge, settings.inbox_retention_seconds), *TOLERATED),
    }
