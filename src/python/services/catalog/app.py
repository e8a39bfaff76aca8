"""Composition root: the catalog service, all wiring visible."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from aiohttp import web

from seawall.messaging import Outbox, OutboxRelay, measure_tables, open_broker
from seawall.sql import STORE_AWAY, is_outage, open_database, upgrade
from seawall.web import READINESS, background, every, try_again, web_service
from services.catalog.adapters.catalogue_sql import CatalogueSql
from services.catalog.adapters.sale_events import TOPICS
from services.catalog.entrypoints.http_api import CATALOGUE, PROBLEMS, READS, routes
from services.catalog.entrypoints.read_cache import open_reads
from services.catalog.seed import seed_products, seed_sales
from services.catalog.settings import CatalogSettings
from services.catalog.use_cases import fill

MIGRATIONS = Path(__file__).parent / "migrations"


def build(settings: CatalogSettings) -> web.Application:
    """The service, ready to be run; it connects to nothing before it starts."""

    async def lifetime(app: web.Application) -> AsyncIterator[None]:
        async with (
            open_database(settings.database_url) as database,
            open_broker(settings.broker_url, client="catalog", topics=TOPICS) as broker,
            broker.publisher() as publisher,
            open_reads(settings.valkey_url, settings.cache_prefix) as app[READS],
        ):
            await app[READINESS].needs("database", database.ping, is_outage)
            if settings.migrate_on_start:
                await upgrade(settings.database_url, MIGRATIONS)
            app[CATALOGUE] = CatalogueSql(database, Outbox())
            if settings.seed:
                products = seed_products()
                await fill(app[CATALOGUE], products, seed_sales(products, datetime.now(UTC)))
            relay = OutboxRelay(database, publisher, service="catalog")
            measure = every(5.0, partial(measure_tables, database), *STORE_AWAY)
            async with background(relay=relay.run(), measure=measure) as jobs:
                app[READINESS].add("jobs", jobs.check)
                yield

    problems = {**PROBLEMS, **dict.fromkeys(STORE_AWAY, try_again)}
    return web_service(settings, name="catalog", routes=routes, lifetime=lifetime, problems=problems)
