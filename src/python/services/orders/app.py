"""Everything that orders is made of, wired once."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

from aiohttp import web

from seawall.messaging import Broker, Outbox, OutboxRelay, open_broker
from seawall.rpc import connect
from seawall.saga import SagaLog
from seawall.sql import STORE_AWAY, DatabaseClock, is_outage, open_database, upgrade
from seawall.web import READINESS, background, every, try_again, web_service
from seawall.web.jobs import Job, exit_process
from services.orders.adapters.checkout_saga import checkout
from services.orders.adapters.checkouts_sql import SqlCheckouts
from services.orders.adapters.holds_grpc import InventoryHolds
from services.orders.adapters.messages import EVENTS_TOPIC, INVENTORY_TOPIC, PAYMENTS_TOPIC
from services.orders.adapters.orders_sql import SqlOrders
from services.orders.adapters.reconciliation import Reconciliation
from services.orders.adapters.sales_sql import SqlSales
from services.orders.entrypoints import consumers, http_api
from services.orders.entrypoints.admission import Admission
from services.orders.entrypoints.order_watch import OrderWatch
from services.orders.entrypoints.problems import PROBLEMS
from services.orders.settings import OrdersSettings
from services.orders.use_cases import expire_checkouts, place_order

MIGRATIONS = Path(__file__).parent / "migrations"
PUBLISHED = (EVENTS_TOPIC, INVENTORY_TOPIC, PAYMENTS_TOPIC)
REPLIES = (consumers.INVENTORY_TOPIC, consumers.PAYMENTS_TOPIC)
TOPICS = dict.fromkeys((*PUBLISHED, *REPLIES, consumers.SALES_TOPIC), 4)
WATCH_SECONDS = 0.2
RECONCILE_SECONDS = 10.0
SYNC_SECONDS = 10.0
DATABASE_CONNECTIONS = 8

OpenBroker = Callable[..., AbstractAsyncContextManager[Broker]]


def build(settings: OrdersSettings, open_broker: OpenBroker = open_broker) -> web.Application:
    """The service, not started yet."""
    problems = {**PROBLEMS, **dict.fromkeys(STORE_AWAY, try_again)}
    lifetime = partial(_lifetime, settings, open_broker)
    return web_service(settings, name="orders", routes=http_api.routes, lifetime=lifetime, problems=problems)


async def _lifetime(
    settings: OrdersSettings, open_broker: OpenBroker, app: web.Application
) -> AsyncIterator[None]:
    async with (
        open_database(settings.database_url, pool_size=DATABASE_CONNECTIONS) as database,
        open_broker(settings.broker_url, client="orders", topics=TOPICS) as broker,
        broker.publisher() as publisher,
        connect(settings.inventory_target) as inventory,
    ):
        await app[READINESS].needs("database", database.ping, is_outage)
        if settings.migrate_on_start:
            await upgrade(settings.database_url, MIGRATIONS)
        clock = DatabaseClock(database)
        await clock.sync()
        saga = _saga(settings, clock)
        relay, outbox = OutboxRelay(database, publisher, service="orders"), Outbox()
        orders = SqlOrders(database, saga, wake=relay.wake, backlog=lambda: relay.backlog)
        checkouts = SqlCheckouts(database, saga, outbox, clock=clock.now, wake=relay.wake)
        sales = SqlSales(database)
        watch = OrderWatch(orders, max_watchers=settings.max_watchers)
        app[http_api.ORDERS] = orders
        app[http_api.WATCH] = watch
        app[http_api.ADMISSION] = Admission(settings.max_accepting, lambda: checkouts.is_behind)
        place: http_api.Place = partial(
            place_order, sales=sales, holds=InventoryHolds(inventory), orders=orders, clock=clock.now
        )
        app[http_api.PLACE_ORDER] = place
        work = _jobs(settings, broker, checkouts, sales, watch)
        work["clock"] = every(SYNC_SECONDS, clock.sync, *STORE_AWAY)
        work["reconcile"] = every(RECONCILE_SECONDS, Reconciliation(database).run, *STORE_AWAY)
        async with (
            orders.accepting(),
            background(exit_process, relay=relay.run(), **work) as jobs,
        ):
            app[READINESS].add("broker", broker.ping)
            app[READINESS].add("jobs", jobs.check)
            yield


def _saga(settings: OrdersSettings, clock: DatabaseClock) -> SagaLog:
    return SagaLog(
        checkout(
            reserve_timeout_seconds=settings.reserve_timeout_seconds,
            charge_timeout_seconds=settings.charge_timeout_seconds,
            clock=clock.time,
        )
    )


def _jobs(
    settings: OrdersSettings, broker: Broker, checkouts: SqlCheckouts, sales: SqlSales, watch: OrderWatch
) -> dict[str, Job]:
    replies = broker.subscriber(REPLIES, "orders.replies")
    announced = broker.subscriber([consumers.SALES_TOPIC], "orders.sales")
    return {
        "replies": replies.run(consumers.replies_handler(checkouts.advance)),
        "sales": announced.run(consumers.sales_handler(sales.add)),
        "expire": every(1.0, partial(expire_checkouts, checkouts), *STORE_AWAY),
        "look": every(1.0, checkouts.look, *STORE_AWAY),
        "measure": every(5.0, checkouts.measure, *STORE_AWAY),
        "purge": every(60.0, partial(checkouts.purge, settings.saga_retention_seconds), *STORE_AWAY),
        "watch": every(WATCH_SECONDS, watch.look, *STORE_AWAY),
    }
